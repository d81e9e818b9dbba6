package main

/*
static int nothing(int x) { return x; }
*/
import "C"

// crossings is what a call into C costs before anything is done there.
func crossings(asked []string) {
	for range asked {
		C.nothing(1)
	}
}
