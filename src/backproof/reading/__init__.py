"""From somebody's file to functions in our notation, and the child process they run in."""
