"""The commands of `atelier`, one file each; they run the same jobs as the window and import no Qt."""
