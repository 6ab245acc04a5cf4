//go:build race

package storage

// thinned is by how much the tables of faults are thinner than they are without the race detector, under which everything takes five
// times as long. scripts/test runs them both ways.
const thinned = 8
