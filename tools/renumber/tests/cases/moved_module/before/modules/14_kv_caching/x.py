a.m15_profiling
