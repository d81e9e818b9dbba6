//go:build go1.24

package cache

/*
#cgo noescape go_get
#cgo nocallback go_get
#cgo noescape go_set
#cgo nocallback go_set
*/
import "C"
