// Package motion tells how much moves before a camera from the compressed stream alone: nothing is decoded.
//
// What an encoder needs for a picture that is told by its difference from others (P and B pictures) grows with what has changed.
// So the mean size of such pictures over a few seconds, relative to that of the quietest seconds around it, follows what happens
// in front of the camera. It is a curve to find one's way by, and no detector: light that changes, rain and a camera that is moved
// are activity too, and encoders that hold their bit rate constant flatten it.
//
// # Bounds
//
// The work is a look at each picture's size; a result has one byte for each Step.
package motion
