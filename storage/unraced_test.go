//go:build !race

package storage

const thinned = 1
