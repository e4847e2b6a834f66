package witness

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxProof is how many hashes a consistency proof may have.
const maxProof = 63

// request is the body of add-checkpoint.
type request struct {
	old   int64
	proof tlog.TreeProof
	note  []byte
}

// Request writes the body of add-checkpoint: the size the witness is believed to have signed, the proof from there (base64),
// and the checkpoint.
func Request(old int64, proof []string, checkpoint string) []byte {
	var b bytes.Buffer
	b.WriteString("old " + strconv.FormatInt(old, 10) + "\n")
	for _, h := range proof {
		b.WriteString(h + "\n")
	}
	b.WriteString("\n" + checkpoint)
	return b.Bytes()
}

var errRequest = errors.New("witness: the request has not the form of add-checkpoint")

func parseRequest(body []byte) (*request, error) {
	head, checkpoint, ok := bytes.Cut(body, []byte("\n\n"))
	if !ok {
		return nil, errRequest
	}
	lines := strings.Split(string(head), "\n")
	size, ok := strings.CutPrefix(lines[0], "old ")
	r := &request{note: checkpoint}
	if r.old, ok = parseSize(size, ok); !ok || len(lines)-1 > maxProof {
		return nil, errRequest
	}
	for _, l := range lines[1:] {
		raw, err := base64.StdEncoding.Strict().DecodeString(l)
		if err != nil || len(raw) != tlog.HashSize {
			return nil, errRequest
		}
		r.proof = append(r.proof, tlog.Hash(raw))
	}
	return r, nil
}

// parseSize reads a decimal number without leading zeroes.
func parseSize(s string, ok bool) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, ok && err == nil && n >= 0 && strconv.FormatInt(n, 10) == s
}

// head is what a checkpoint says.
type head struct {
	origin string
	size   int64
	root   tlog.Hash
}

// parseHead reads a checkpoint's text: origin, size, root; further lines are the log's own affair.
func parseHead(text string) (head, bool) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] == "" || lines[len(lines)-1] != "" {
		return head{}, false
	}
	size, ok := parseSize(lines[1], true)
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if !ok || err != nil || len(root) != tlog.HashSize {
		return head{}, false
	}
	return head{lines[0], size, tlog.Hash(root)}, true
}

// originOf reads whose checkpoint it claims to be, before anything is verified.
func originOf(msg []byte) (string, bool) {
	text, _, ok := strings.Cut(string(msg), "\n\n— ")
	if !ok {
		return "", false
	}
	h, ok := parseHead(text + "\n")
	return h.origin, ok
}

// open verifies a checkpoint with the keys of its log.
func open(msg []byte, keys []note.Verifier) (string, bool) {
	n, err := note.Open(msg, note.VerifierList(keys...))
	if err != nil {
		return "", false
	}
	return n.Text, true
}
