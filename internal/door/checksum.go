package door

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the tus protocol demands SHA-1; it guards transport only, never evidence
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"net/http"
	"strings"

	"github.com/emmansun/gmsm/sm3"

	"zhilu.dev/zhilu/internal/fault"
)

// algorithms are the checksums a sender may use for a chunk, in the order they are announced.
var algorithms = []struct {
	name string
	make func() hash.Hash
}{
	{"sha256", sha256.New},
	{"sm3", sm3.New},
	{"sha1", sha1.New},
}

func algorithmNames() string {
	names := make([]string, len(algorithms))
	for i, a := range algorithms {
		names[i] = a.name
	}
	return strings.Join(names, ",")
}

// checksum is the value of an Upload-Checksum header: what the sender says the hash of a chunk is.
type checksum struct {
	algorithm string
	want      []byte
}

// parseChecksum reads "sha256 BASE64". An unknown algorithm or a value that is no base64 is fault Invalid; a value of
// another length than the hash has is one that nothing equals.
func parseChecksum(v string) (*checksum, error) {
	name, value, ok := strings.Cut(v, " ")
	if !ok {
		return nil, fault.New(fault.Invalid, "upload.checksum_malformed")
	}
	for _, a := range algorithms {
		if a.name != name {
			continue
		}
		want, err := base64.StdEncoding.DecodeString(value)
		if err != nil || value == "" {
			return nil, fault.New(fault.Invalid, "upload.checksum_malformed")
		}
		return &checksum{name, want}, nil
	}
	return nil, fault.New(fault.Invalid, "upload.checksum_algorithm", algorithmNames())
}

// sums computes what a chunk's checksums are compared with.
type sums struct {
	header   *checksum            // announced before the body, nil for none
	trailing bool                 // announced to follow it
	hashes   map[string]hash.Hash // by algorithm; of a trailer the algorithm is known only at the end
}

// sumsOf reads what a request announces. A checksum in the header is parsed now, so a malformed one is refused before a
// byte is read; one promised for after a body that has no place for it would never be seen, and is refused as well.
func sumsOf(r *http.Request) (*sums, error) {
	s := &sums{hashes: map[string]hash.Hash{}}
	v, err := single(r.Header, hChecksum)
	if err != nil {
		return nil, fault.New(fault.Invalid, "upload.checksum_malformed")
	}
	if r.Header.Values(hChecksum) != nil {
		if s.header, err = parseChecksum(v); err != nil {
			return nil, err
		}
	}
	_, s.trailing = r.Trailer[hChecksum]
	if !s.trailing && announces(r.Header, hChecksum) {
		return nil, fault.New(fault.Invalid, "upload.trailer")
	}
	for _, a := range algorithms {
		if s.trailing || s.header != nil && s.header.algorithm == a.name {
			s.hashes[a.name] = a.make()
		}
	}
	return s, nil
}

// announces reports whether a Trailer header, which net/http takes away from chunked requests, names a field.
func announces(h http.Header, field string) bool {
	for _, line := range h.Values("Trailer") {
		for name := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(name), field) {
				return true
			}
		}
	}
	return false
}

// any reports whether there is something to compare, so that the chunk is all or nothing.
func (s *sums) any() bool { return s.header != nil || s.trailing }

func (s *sums) write(p []byte) {
	for _, h := range s.hashes {
		_, _ = h.Write(p) // never fails
	}
}

// check compares, once the body has ended. It is fault Conflict "upload.checksum" if the bytes are not those the sender
// meant.
func (s *sums) check(r *http.Request) error {
	all := []*checksum{s.header}
	if s.trailing {
		last, err := parseChecksum(r.Trailer.Get(hChecksum))
		if err != nil {
			return err
		}
		all = append(all, last)
	}
	for _, c := range all {
		if c != nil && !bytes.Equal(s.hashes[c.algorithm].Sum(nil), c.want) {
			return fault.New(fault.Conflict, "upload.checksum")
		}
	}
	return nil
}
