"""The load of the proxy's benchmarks: a client and server that say little, fast, and the programs between them."""
