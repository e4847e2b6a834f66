//go:build !race

package fence_test

// raceDetector tells whether this test program carries the race detector.
const raceDetector = false
