package verify

import (
	"crypto/ed25519"
	"encoding/base64"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// head is a checkpoint whose signature has been checked with a key.
type head struct {
	origin string
	size   int64
	root   []byte
	key    string // the verifier key that opened it
}

// openCheckpoint reads a checkpoint and checks it with the given verifier keys: code says what is wrong, "" if
// nothing.
func openCheckpoint(msg []byte, verifiers []string) (h head, code string) {
	if h, ok := parseCheckpointText(msg); !ok {
		return h, "checkpoint.form"
	}
	for _, key := range verifiers {
		v, err := note.NewVerifier(key)
		if err != nil || !exactVerifier(key) {
			return h, "checkpoint.key"
		}
		n, err := note.Open(msg, note.VerifierList(v))
		if err != nil {
			continue
		}
		h, ok := parseCheckpointText([]byte(n.Text + "\n— "))
		if !ok || h.origin != v.Name() {
			return h, "checkpoint.form"
		}
		h.key = key
		return h, ""
	}
	h, _ = parseCheckpointText(msg)
	return h, "checkpoint.signature"
}

// exactVerifier reports whether an Ed25519 verifier key is written in the one form it has; note reads others too.
func exactVerifier(key string) bool {
	parts := strings.SplitN(key, "+", 3)
	if len(parts) != 3 {
		return false
	}
	public, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(public) != 1+ed25519.PublicKeySize {
		return false
	}
	again, err := note.NewEd25519VerifierKey(parts[0], public[1:])
	return err == nil && again == key
}

// parseCheckpointText reads the text of a note as a checkpoint: origin, size, root, one line each, nothing else.
func parseCheckpointText(msg []byte) (head, bool) {
	text, _, ok := strings.Cut(string(msg), "\n\n— ")
	if !ok {
		return head{}, false
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 3 || lines[0] == "" {
		return head{}, false
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return head{}, false
	}
	root := decode32(lines[2])
	return head{origin: lines[0], size: size, root: root}, root != nil
}

// judgeLogKey settles whether the key of a checkpoint is trusted for its size.
func (r *Report) judgeLogKey(h head, t *Trust) {
	if t == nil {
		r.SignerTrusted.settle(Unknown, "trust.none", "")
		return
	}
	if h.origin != t.Origin {
		r.SignerTrusted.settle(No, "origin.other", h.origin)
		return
	}
	for i := range t.keys {
		if k := &t.keys[i]; k.Kind == "log" && k.Verifier == h.key {
			if !k.covers(h.size) {
				r.SignerTrusted.settle(No, "key.outside_validity", "log")
				return
			}
			r.SignerTrusted.settle(Yes, "", "")
			return
		}
	}
	r.SignerTrusted.settle(No, "key.unknown", "log")
}

// checkCheckpoint checks a checkpoint by itself. Without a trust file there is no key to check it with.
func checkCheckpoint(data []byte, o Options) *Report {
	r := &Report{Kind: "checkpoint"}
	r.InLog.settle(NotApplicable, "", "")
	h, ok := parseCheckpointText(data)
	if !ok {
		r.RecordIntact.settle(No, "checkpoint.form", "")
		r.SignerTrusted.settle(Unknown, "", "")
		return r
	}
	r.describe(h)
	r.judgeWitnesses(data, h.size, o)
	r.judgeStamp(data, o)
	if o.Trust == nil {
		r.RecordIntact.settle(Yes, "checkpoint.signature_unchecked", "")
		r.SignerTrusted.settle(Unknown, "trust.none", "")
		return r
	}
	h, code := openCheckpoint(data, o.Trust.logVerifiers())
	if code != "" {
		r.RecordIntact.settle(No, code, "")
		r.SignerTrusted.settle(Unknown, "", "")
		return r
	}
	r.RecordIntact.settle(Yes, "", "")
	r.judgeLogKey(h, o.Trust)
	if e := o.Trust.epochThatLost(h.size); e != nil {
		r.RecordIntact.Reasons = append(r.RecordIntact.Reasons, Reason{"log.epoch", e.Entry})
	}
	return r
}

func (r *Report) describe(h head) {
	r.Origin, r.Size, r.Root = h.origin, h.size, base64.StdEncoding.EncodeToString(h.root)
}
