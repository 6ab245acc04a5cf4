// Package rig drives the real programs for the torture and the benchmarks: it builds holdfast and the street of
// simulated cameras, runs them as processes of their own, and talks to holdfast as any program outside does, through
// endpoint.json and the public API.
//
// A Bench owns a scratch directory and every process that it started; Close ends them. A process that it started also
// ends when the rig itself is killed.
package rig
