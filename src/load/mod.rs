//! Open-loop connections, each with a verdict that names the phase in which it failed.
