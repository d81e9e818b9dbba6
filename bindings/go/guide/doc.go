// Package guide holds, as tests, every Go block of the tuning guide that this
// library answers to: compiled, and run against the mock. GUIDE.md beside the
// module has the table of blocks and tests.
package guide
