"""In which order to deploy a change, and whether a build may be put beside what runs."""
