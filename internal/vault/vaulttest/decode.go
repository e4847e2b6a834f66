package vaulttest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"zhilu.dev/zhilu/internal/vault"
)

// Decode reads a whole object as docs/formats/vault-object-v1.md describes it. It is written from that page alone and
// shares no code with the codec, so that a mistake made twice in the writer and its reader does not pass. want is the
// object's name.
func Decode(raw []byte, key vault.Key, want vault.Digest) (content []byte, sidecar map[string]any, err error) {
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key.Text(), "zhilu-storage-key-v1:"))
	if err != nil {
		return nil, nil, err
	}
	if len(raw) < 128+28+28+76 || string(raw[:8]) != "\x89ZLV\r\n\x1a\n" {
		return nil, nil, errors.New("not an object")
	}
	if hex.EncodeToString(raw[8:16]) != "0001011000000000" || strings.Trim(string(raw[48:68]), "\x00") != "" {
		return nil, nil, errors.New("not version 1")
	}
	keyID := sha256.Sum256(append([]byte("zhilu storage key v1"), secret...))
	if string(raw[16:32]) != string(keyID[:16]) {
		return nil, nil, errors.New("under another storage key")
	}
	objectKey, err := gcmOpen(secret, raw[68:80], raw[80:128], raw[:68])
	if err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	aad := func(kind, last byte, index int) []byte {
		a := append([]byte(nil), raw[32:48]...)
		a = append(a, 0, 1, kind, last)
		return binary.BigEndian.AppendUint64(a, uint64(index))
	}
	frame := func(b, aad []byte) ([]byte, error) { return gcmOpen(objectKey, b[:12], b[12:], aad) }

	trailer, err := frame(raw[len(raw)-76:], aad(3, 0, 0))
	if err != nil || len(trailer) != 48 {
		return nil, nil, fmt.Errorf("trailer: %w", err)
	}
	size := int(binary.BigEndian.Uint64(trailer))
	sidecarLen := int(binary.BigEndian.Uint32(trailer[40:]))
	rest := raw[128 : len(raw)-76]
	for index := 0; ; index++ {
		n, last := min(65536, size-len(content)), byte(0)
		if len(content)+n == size {
			last = 1
		}
		if len(rest) < n+28 {
			return nil, nil, errors.New("too short")
		}
		plain, err := frame(rest[:n+28], aad(1, last, index))
		if err != nil {
			return nil, nil, fmt.Errorf("chunk %d: %w", index, err)
		}
		content, rest = append(content, plain...), rest[n+28:]
		if last == 1 {
			break
		}
	}
	if len(rest) != sidecarLen+28 {
		return nil, nil, errors.New("the sidecar has a wrong length")
	}
	plain, err := frame(rest, aad(2, 0, 0))
	if err != nil {
		return nil, nil, fmt.Errorf("sidecar: %w", err)
	}
	if err := json.Unmarshal(plain, &sidecar); err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(content)
	if sum != want || string(trailer[8:40]) != string(sum[:]) || sidecar["sha256"] != hex.EncodeToString(sum[:]) {
		return nil, nil, errors.New("another digest than the name")
	}
	return content, sidecar, nil
}

func gcmOpen(key, nonce, sealed, aad []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return gcm.Open(nil, nonce, sealed, aad)
}
