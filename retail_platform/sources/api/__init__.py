"""The source API: the simulator over HTTP, as a retailer's back office would serve it."""
