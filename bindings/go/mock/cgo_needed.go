//go:build !cgo

package mock

import _ "mynah/internal/lib" // which says that cgo is needed
