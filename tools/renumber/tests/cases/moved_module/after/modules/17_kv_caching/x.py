a.m14_profiling
