// Package clip reads masked copies as they leave the house (docs/formats/clip-statement-v1.md): an MP4 whose last box holds
// the statement of what it is. It reads forms; what they prove is judged by package verify.
package clip

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"zhilu.dev/zhilu/internal/verify/form"
)

// Format is the format line of a statement and of the file that holds it.
const Format = "zhilu-clip-statement/v1"

// maxStatement bounds the file with the statement, in bytes.
const maxStatement = 4 << 20

// Original is a file of the recording that the copy is of.
type Original struct {
	File   string `json:"file_id"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	From   int64  `json:"from_ms"`
	To     int64  `json:"to_ms"`
}

// Person is who made or approved it.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Unit string `json:"unit,omitempty"`
	At   string `json:"at"`
}

// Point is where a region stands at a moment.
type Point struct {
	At int64   `json:"at_ms"`
	X  float64 `json:"x"`
	Y  float64 `json:"y"`
	W  float64 `json:"w"`
	H  float64 `json:"h"`
}

// Region is a part of the picture that was hidden.
type Region struct {
	Kind   string  `json:"kind"`
	Points []Point `json:"points"`
	Until  int64   `json:"until_ms"`
}

// Sound is a stretch of the sound that was hidden.
type Sound struct {
	Kind string `json:"kind"`
	From int64  `json:"from_ms"`
	To   int64  `json:"to_ms"`
}

// Plan is the span and what was hidden in it.
type Plan struct {
	From    int64    `json:"from_ms"`
	To      int64    `json:"to_ms"`
	Regions []Region `json:"regions"`
	Sounds  []Sound  `json:"sounds"`
}

// Media is the copy's bytes before the box.
type Media struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Length int64  `json:"length_ms"`
}

// Transcript is the written text of its sound, a document that goes with it.
type Transcript struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// Statement is what a copy says of itself.
type Statement struct {
	Copy      string      `json:"copy_id"`
	No        int64       `json:"no"`
	Bureau    string      `json:"bureau"`
	Origin    string      `json:"origin"`
	Recording string      `json:"recording_id"`
	Originals []Original  `json:"originals"`
	Plan      Plan        `json:"plan"`
	Written   *Transcript `json:"transcript,omitempty"`
	Why       string      `json:"why"`
	By        Person      `json:"made_by"`
	Approved  []Person    `json:"approved_by"`
	Tool      string      `json:"tool"`
	Sandbox   string      `json:"sandbox"`
	MadeAt    string      `json:"made_at"`
	Media     Media       `json:"media"`
	Entry     string      `json:"entry_id"`
}

// Parse reads the exact text of a statement.
func Parse(text string) (*Statement, bool) {
	body, ok := strings.CutPrefix(text, Format+"\n")
	st := new(Statement)
	if !ok || !form.Strict([]byte(body), st, "") || len(st.Originals) == 0 || len(st.Approved) == 0 || st.Media.Size < 0 || !form.IsDigest(st.Media.SHA256) {
		return nil, false
	}
	if _, ok := form.Time(st.MadeAt); !ok || st.Plan.To <= st.Plan.From || st.Plan.From < 0 {
		return nil, false
	}
	if t := st.Written; t != nil && (!form.IsDigest(t.SHA256) || t.Size < 0) {
		return nil, false
	}
	for _, o := range st.Originals {
		if !form.IsDigest(o.SHA256) || o.Size < 0 {
			return nil, false
		}
	}
	return st, true
}

// Errors of Read.
var (
	ErrForm        = errors.New("clip: not made of boxes")
	ErrNoStatement = errors.New("clip: no statement at its end")
)

// IsMedia reports whether a file that begins like this may be such a copy.
func IsMedia(head []byte) bool { return len(head) >= 8 && string(head[4:8]) == "ftyp" }

func box() [16]byte {
	sum := sha256.Sum256([]byte(Format))
	return [16]byte(sum[:16])
}

// Read reads a copy of this size to its end: the digest and size of what stands before the statement, and the statement's
// file. Whatever follows the box is ErrForm.
func Read(r io.ReaderAt, size int64) (digest string, media int64, statement []byte, err error) {
	at := int64(0)
	for at < size {
		head := make([]byte, 24)
		n, err := r.ReadAt(head[:min(int64(len(head)), size-at)], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return "", 0, nil, fmt.Errorf("clip: %w", err)
		}
		if n < 8 {
			return "", 0, nil, ErrForm
		}
		length := int64(binary.BigEndian.Uint32(head))
		if length == 1 && n >= 16 {
			long := binary.BigEndian.Uint64(head[8:])
			if long > math.MaxInt64 {
				return "", 0, nil, ErrForm
			}
			length = int64(long)
		}
		if length < 8 || length > size-at {
			return "", 0, nil, ErrForm
		}
		if string(head[4:8]) == "uuid" && n == 24 && [16]byte(head[8:]) == box() {
			if at+length != size || length < 24 || length > maxStatement {
				return "", 0, nil, ErrForm
			}
			statement = make([]byte, length-24)
			if _, err := r.ReadAt(statement, at+24); err != nil && !errors.Is(err, io.EOF) {
				return "", 0, nil, fmt.Errorf("clip: %w", err)
			}
			digest, err := Digest(io.NewSectionReader(r, 0, at))
			return digest, at, statement, err
		}
		at += length
	}
	return "", 0, nil, ErrNoStatement
}

// Digest is the SHA-256 of everything in r, in hex.
func Digest(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", fmt.Errorf("clip: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
