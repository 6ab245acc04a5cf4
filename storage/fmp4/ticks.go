package fmp4

import "time"

// ticks turns a duration into ticks, to the nearest.
func ticks(d time.Duration, scale uint32) int64 {
	return scaleTicks(int64(d), uint32(time.Second), scale)
}

// duration turns ticks into a duration, to the nearest nanosecond.
func duration(t int64, scale uint32) time.Duration {
	return time.Duration(scaleTicks(t, scale, uint32(time.Second)))
}

// scaleTicks turns ticks of one scale into those of another, to the nearest, without overflow where
// the result fits.
func scaleTicks(v int64, from, to uint32) int64 {
	if from == to {
		return v
	}
	f, t := int64(from), int64(to)
	whole, rest := v/f, v%f
	if rest < 0 {
		whole, rest = whole-1, rest+f
	}
	return whole*t + (rest*t+f/2)/f
}
