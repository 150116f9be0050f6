// A name of its own for each: the compiler follows none of them, because the folder may not be installed.
export { Cluster, Redis } from 'ioredis';
export { createClient, createCluster } from 'redis';
