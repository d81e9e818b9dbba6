//go:build !cgo

package lib

// Without cgo nothing of the library can be called. The compiler says so here, in
// a name that it does not know, before it misses what C declares.
var _ = mynah_needs_cgo__set_CGO_ENABLED_to_1_and_have_a_C_compiler
