package objectv1

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
)

const magic = "\x89ZLV\r\n\x1a\n"

// Positions in the header.
const (
	atVersion  = 8
	atSuite    = 10
	atChunkLog = 11
	atKeyID    = 16
	atObjectID = 32
	atNonce    = 68
	atWrapped  = atNonce + nonceSize

	version     = 1
	suiteAESGCM = 1
	chunkLog    = 16
)

// The kinds of message sealed with an object's key. Each is bound into the additional data, so that none can be taken
// for another.
const (
	kindChunk   = 1
	kindSidecar = 2
	kindTrailer = 3
	kindState   = 4
)

// errMalformed is the error of all readers here: bytes that no writer of this format wrote, or that were changed.
type errMalformed struct{ detail string }

func (e *errMalformed) Error() string { return e.detail }

func malformed(format string, args ...any) error {
	return &errMalformed{fmt.Sprintf(format, args...)}
}

// Header is what the first bytes of an object say in the clear.
type Header struct {
	Key      vault.KeyID // the storage key that wraps the object's key
	ObjectID [16]byte    // random; bound into every frame
}

// Cipher seals and opens the frames of one object. It is safe for concurrent use.
type Cipher struct {
	objectID [16]byte
	aead     cipher.AEAD
}

// New makes a fresh object key, wraps it with the ring's current storage key, and returns the object's header with the
// cipher.
func New(ring vault.KeyRing) ([]byte, *Cipher, error) {
	wrap, err := ring.AEAD(ring.Current())
	if err != nil {
		return nil, nil, err
	}
	b := make([]byte, atWrapped, HeaderSize)
	copy(b, magic)
	binary.BigEndian.PutUint16(b[atVersion:], version)
	b[atSuite], b[atChunkLog] = suiteAESGCM, chunkLog
	id := ring.Current()
	copy(b[atKeyID:], id[:])
	var key [keySize]byte
	_, _ = rand.Read(key[:]) // never fails
	_, _ = rand.Read(b[atObjectID : atObjectID+16])
	_, _ = rand.Read(b[atNonce:atWrapped])
	b = wrap.Seal(b, b[atNonce:atWrapped], key[:], b[:atNonce])
	c, err := newCipher(key[:], [16]byte(b[atObjectID:]))
	return b, c, err
}

// ParseHeader reads a header without opening it.
func ParseHeader(b []byte) (Header, error) {
	switch {
	case len(b) != HeaderSize:
		return Header{}, malformed("the header has %d bytes instead of %d", len(b), HeaderSize)
	case string(b[:len(magic)]) != magic:
		return Header{}, malformed("this is not a vault object")
	case binary.BigEndian.Uint16(b[atVersion:]) != version:
		return Header{}, malformed("the format version %d is unknown", binary.BigEndian.Uint16(b[atVersion:]))
	case b[atSuite] != suiteAESGCM || b[atChunkLog] != chunkLog:
		return Header{}, malformed("the cipher suite %d/%d is unknown", b[atSuite], b[atChunkLog])
	case !allZero(b[12:16]) || !allZero(b[48:atNonce]):
		return Header{}, malformed("reserved bytes of the header are not zero")
	}
	return Header{Key: vault.KeyID(b[atKeyID:]), ObjectID: [16]byte(b[atObjectID:])}, nil
}

// Open reads a header and unwraps the object's key. A storage key that the ring lacks is the ring's error.
func Open(b []byte, ring vault.KeyRing) (Header, *Cipher, error) {
	h, err := ParseHeader(b)
	if err != nil {
		return Header{}, nil, err
	}
	wrap, err := ring.AEAD(h.Key)
	if err != nil {
		return Header{}, nil, err
	}
	key, err := wrap.Open(nil, b[atNonce:atWrapped], b[atWrapped:], b[:atNonce])
	if err != nil || len(key) != keySize {
		return Header{}, nil, malformed("the header is not authentic")
	}
	c, err := newCipher(key, h.ObjectID)
	return h, c, err
}

func newCipher(key []byte, objectID [16]byte) (*Cipher, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Cipher{objectID: objectID, aead: aead}, nil
}

// additional is the data bound to a frame: object id, version, kind, whether it is the last chunk, number.
func (c *Cipher) additional(kind byte, last bool, index int64) [28]byte {
	var b [28]byte
	copy(b[:], c.objectID[:])
	binary.BigEndian.PutUint16(b[16:], version)
	b[18] = kind
	if last {
		b[19] = 1
	}
	binary.BigEndian.PutUint64(b[20:], uint64(index)) //nolint:gosec // never negative
	return b
}

// seal appends a frame to dst.
func (c *Cipher) seal(dst, plain, additional []byte) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, nonceSize)...)
	_, _ = rand.Read(dst[at:]) // never fails
	return c.aead.Seal(dst, dst[at:at+nonceSize], plain, additional)
}

// open appends a frame's plain bytes to dst.
func (c *Cipher) open(dst, frame, additional []byte, what string) ([]byte, error) {
	if len(frame) < Overhead {
		return nil, malformed("the %s is too short", what)
	}
	plain, err := c.aead.Open(dst, frame[:nonceSize], frame[nonceSize:], additional)
	if err != nil {
		return nil, malformed("the %s is not authentic", what)
	}
	return plain, nil
}

// SealChunk appends the frame of a chunk to dst. plain and the spare room of dst MUST NOT overlap.
func (c *Cipher) SealChunk(dst, plain []byte, index int64, last bool) []byte {
	a := c.additional(kindChunk, last, index)
	return c.seal(dst, plain, a[:])
}

// OpenChunk appends a chunk's plain bytes to dst, whose spare room MUST NOT overlap frame.
func (c *Cipher) OpenChunk(dst, frame []byte, index int64, last bool) ([]byte, error) {
	a := c.additional(kindChunk, last, index)
	return c.open(dst, frame, a[:], "chunk")
}

// SealTail appends what follows an object's last chunk to dst: the sidecar's frame and the trailer.
func (c *Cipher) SealTail(dst []byte, size int64, digest vault.Digest, sidecar []byte) []byte {
	a := c.additional(kindSidecar, false, 0)
	dst = c.seal(dst, sidecar, a[:])
	a = c.additional(kindTrailer, false, 0)
	return c.seal(dst, Trailer{Size: size, Digest: digest, Sidecar: len(sidecar)}.encode(), a[:])
}

// OpenSidecar reads the sidecar's frame.
func (c *Cipher) OpenSidecar(frame []byte) ([]byte, error) {
	a := c.additional(kindSidecar, false, 0)
	return c.open(nil, frame, a[:], "sidecar")
}

// OpenTrailer reads the last TrailerSize bytes of an object.
func (c *Cipher) OpenTrailer(frame []byte) (Trailer, error) {
	a := c.additional(kindTrailer, false, 0)
	plain, err := c.open(nil, frame, a[:], "trailer")
	if err != nil {
		return Trailer{}, err
	}
	return decodeTrailer(plain)
}

// SealState makes the checkpoint file of a stage.
func (c *Cipher) SealState(id ident.UploadID, s State) []byte {
	return c.seal([]byte(stateMagic), s.encode(), c.stateAdditional(id))
}

// OpenState reads the checkpoint file of a stage.
func (c *Cipher) OpenState(id ident.UploadID, b []byte) (State, error) {
	body, ok := bytes.CutPrefix(b, []byte(stateMagic))
	if !ok {
		return State{}, malformed("this is not a checkpoint")
	}
	plain, err := c.open(nil, body, c.stateAdditional(id), "checkpoint")
	if err != nil {
		return State{}, err
	}
	return decodeState(plain)
}

func (c *Cipher) stateAdditional(id ident.UploadID) []byte {
	a := c.additional(kindState, false, 0)
	return append(a[:], id...)
}

func allZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}
