import a.m15_memoization
