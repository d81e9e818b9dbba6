module mynah/benches

go 1.22

require (
	github.com/coocood/freecache v1.2.7
	github.com/hashicorp/golang-lru/v2 v2.0.7
	mynah v0.0.0
)

require github.com/cespare/xxhash/v2 v2.1.2 // indirect

replace mynah => ../
