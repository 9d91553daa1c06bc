"""From bytes to bytes. Import its modules: an entry point must come before what counts."""
