package door

import (
	"net/http"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// MetadataOf lets the fuzzer in.
func MetadataOf(header string) (raw string, err error) {
	raw, _, err = metadataOf(http.Header{hMetadata: {header}})
	return raw, err
}

// Hurry makes waiting for another request short.
func (d *Door) Hurry(wait, poll time.Duration, patience int) {
	d.locks.wait, d.locks.poll, d.locks.patience = wait, poll, patience
}

// Reading tells how many bytes of a request that is under way have been taken in, -1 if nobody reads.
func (d *Door) Reading(id ident.UploadID) int64 {
	d.locks.mu.Lock()
	defer d.locks.mu.Unlock()
	if h := d.locks.held[id]; h != nil {
		return h.progress()
	}
	return -1
}

// Turns is how many requests work at this moment, of how many that may.
func (d *Door) Turns() (held, all int) { return len(d.turns), cap(d.turns) }

// HeadersOf reads all headers of the protocol but the metadata, for the fuzzer.
func HeadersOf(r *http.Request) (parts []string, size, offset int64, err error) {
	c, err := concatOf(r)
	if err != nil {
		return nil, 0, 0, err
	}
	for _, p := range c.parts {
		parts = append(parts, string(p))
	}
	if _, err := sumsOf(r); err != nil {
		return nil, 0, 0, err
	}
	size = -1
	if r.Header.Values(hLength) != nil {
		if size, err = lengthOf(r.Header); err != nil {
			return nil, 0, 0, err
		}
	}
	offset, _, err = number(r.Header, hOffset)
	if err != nil {
		err = fault.New(fault.Invalid, "upload.offset_malformed")
	}
	return parts, size, offset, err
}
