module mynah.examples

go 1.22

require mynah v0.0.0

replace mynah => ../../bindings/go
