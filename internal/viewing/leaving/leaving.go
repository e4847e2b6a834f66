// Package leaving asks again, while something leaves the house, whether it still may: a consent that is taken back and a recording that
// is frozen stop what is being sent (T6, decision 21).
package leaving

import "io"

// every is how many bytes go out between two askings.
const every = 1 << 20

// Reader reads what leaves and fails with what ask answers once it may not any more.
type Reader struct {
	src  io.Reader
	ask  func() error
	left int
}

// NewReader makes a Reader over src, for which ask was answered well a moment ago.
func NewReader(src io.Reader, ask func() error) *Reader {
	return &Reader{src, ask, every}
}

// Read gives at most what may go out before it is asked again.
func (r *Reader) Read(p []byte) (int, error) {
	if r.left == 0 {
		if err := r.ask(); err != nil {
			return 0, err
		}
		r.left = every
	}
	n, err := r.src.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}
