"""The HTTP edge: thin routes over the services of the domains, one module for each family of endpoints."""
