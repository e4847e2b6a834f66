package door

import (
	"crypto/sha1" //nolint:gosec // the tus protocol demands SHA-1; it guards transport only, never evidence
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"io"
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

// checksum is the value of an Upload-Checksum header.
type checksum struct {
	hash hash.Hash
	want []byte
}

// parseChecksum reads "sha256 BASE64". An unknown algorithm or a malformed value is fault Invalid.
func parseChecksum(v string) (*checksum, error) {
	name, value, ok := strings.Cut(strings.TrimSpace(v), " ")
	if !ok {
		return nil, fault.New(fault.Invalid, "upload.checksum_malformed")
	}
	for _, a := range algorithms {
		if a.name != strings.ToLower(name) {
			continue
		}
		h := a.make()
		want, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
		if err != nil || len(want) != h.Size() {
			return nil, fault.New(fault.Invalid, "upload.checksum_malformed")
		}
		return &checksum{h, want}, nil
	}
	return nil, fault.New(fault.Invalid, "upload.checksum_algorithm", algorithmNames())
}

// body watches a request's body: it counts and hashes what arrives, and remembers how it ended, because tusd hides a
// broken body from its store.
type body struct {
	io.ReadCloser
	sum   *checksum            // announced in the header, nil for none
	all   map[string]hash.Hash // for a checksum that follows in the trailer
	n     int64
	err   error // io.EOF once the body ended well
	limit int64 // bytes the upload still takes, set by the store; -1 for no limit
}

// watch wraps r's body. A checksum announced in the header is parsed now, so a malformed one is refused before a byte
// is read.
func watch(r *http.Request) (*body, error) {
	b := &body{ReadCloser: r.Body, limit: -1}
	if v := r.Header.Get("Upload-Checksum"); v != "" {
		sum, err := parseChecksum(v)
		if err != nil {
			return nil, err
		}
		b.sum = sum
	} else if _, ok := r.Trailer["Upload-Checksum"]; ok {
		b.all = map[string]hash.Hash{}
		for _, a := range algorithms {
			b.all[a.name] = a.make()
		}
	}
	return b, nil
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	if b.sum != nil {
		b.sum.hash.Write(p[:n])
	}
	for _, h := range b.all {
		h.Write(p[:n])
	}
	if err != nil && b.err == nil {
		b.err = err
	}
	return n, err
}

// needsCheck reports whether the chunk is all or nothing.
func (b *body) needsCheck() bool { return b.sum != nil || b.all != nil }

// check is called when the body has ended. It is fault Conflict "upload.checksum" if the bytes are not those the
// sender meant, and fault Invalid "upload.interrupted" if they did not all arrive.
func (b *body) check(r *http.Request) error {
	if b.err != io.EOF { //nolint:errorlint // exactly the end, nothing that wraps it
		return fault.New(fault.Invalid, "upload.interrupted")
	}
	sum := b.sum
	if b.all != nil {
		var err error
		if sum, err = parseChecksum(r.Trailer.Get("Upload-Checksum")); err != nil {
			return err
		}
		for _, a := range algorithms {
			if sum.hash.Size() == b.all[a.name].Size() && sameAlgorithm(r.Trailer.Get("Upload-Checksum"), a.name) {
				sum.hash = b.all[a.name]
			}
		}
	}
	if sum != nil && string(sum.hash.Sum(nil)) != string(sum.want) {
		return fault.New(fault.Conflict, "upload.checksum")
	}
	return nil
}

func sameAlgorithm(header, name string) bool {
	got, _, _ := strings.Cut(strings.TrimSpace(header), " ")
	return strings.EqualFold(got, name)
}
