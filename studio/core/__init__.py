"""Qt-free foundations: events, controls, settings, pictures, recipes, the library, weights, device."""
