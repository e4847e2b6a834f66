package redaction

import (
	"bytes"
	"context"
	"path"
	"strings"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// MaxTranscript bounds a transcript, in bytes.
const MaxTranscript = 4 << 20

const maxName = 120 // characters

// Attach puts the written text of the sound (录音文字) with a draft, in the place of one that was there: plain text in UTF-8, DOCX or PDF.
// It is attached before somebody agrees, because words that were muted may stand in it; what was agreed to is never replaced. Faults: Invalid
// "redaction.transcript" at "transcript"; Conflict "redaction.not_draft"; Forbidden without a ground to look, as for Change.
func (s *Service) Attach(ctx context.Context, actor access.Actor, id ident.CopyID, name string, content []byte) (*Copy, error) {
	t, err := transcript(name, content)
	if err != nil {
		return nil, err
	}
	return s.attach(ctx, actor, id, t, content)
}

// Detach takes a draft's transcript away.
func (s *Service) Detach(ctx context.Context, actor access.Actor, id ident.CopyID) (*Copy, error) {
	return s.attach(ctx, actor, id, nil, nil)
}

func (s *Service) attach(ctx context.Context, actor access.Actor, id ident.CopyID, t *Transcript, content []byte) (*Copy, error) {
	old, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	_, ground, err := s.looking(ctx, actor, old.Recording, old.Plan)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, actor, access.RedactionPlan, id, ground, func(tx *gate.Tx, c *Copy) error {
		if c.State != Draft {
			return fault.New(fault.Conflict, "redaction.not_draft")
		}
		c.Transcript = t
		return putTranscript(tx.Context(), tx.DB(), id, content)
	})
}

// transcript checks a document by what it holds, not by what it is called.
func transcript(name string, content []byte) (*Transcript, error) {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), "\\", "/"))
	bad := fault.New(fault.Invalid, "redaction.transcript", MaxTranscript>>20).At("transcript")
	if utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) || strings.HasPrefix(name, ".") {
		return nil, bad
	}
	if len(content) == 0 || len(content) > MaxTranscript {
		return nil, bad
	}
	ok := false
	switch strings.ToLower(path.Ext(name)) {
	case ".txt":
		ok = utf8.Valid(content) && !bytes.ContainsRune(content, 0)
	case ".pdf":
		ok = bytes.HasPrefix(content, []byte("%PDF-"))
	case ".docx":
		ok = bytes.HasPrefix(content, []byte("PK\x03\x04")) && bytes.Contains(content, []byte("word/document.xml"))
	}
	if !ok {
		return nil, bad
	}
	return &Transcript{Name: name, SHA256: digest(string(content)), Size: int64(len(content))}, nil
}

// Written gives the bytes of a copy's transcript to whoever may know of the copy: who decides reads it first. NotFound
// "redaction.transcript_gone" where none was attached.
func (s *Service) Written(ctx context.Context, actor access.Actor, id ident.CopyID) (*Copy, []byte, error) {
	c, err := s.Get(ctx, actor, id)
	if err != nil {
		return nil, nil, err
	}
	if c.Transcript == nil {
		return nil, nil, fault.New(fault.NotFound, "redaction.transcript_gone")
	}
	raw, err := s.written(ctx, c)
	return c, raw, err
}

// written reads the bytes and compares them with the digest that was agreed to, which the log holds.
func (s *Service) written(ctx context.Context, c *Copy) ([]byte, error) {
	if c.Transcript == nil {
		return nil, nil
	}
	raw, err := transcriptOf(ctx, s.c.DB.Reader, c.ID)
	if err != nil {
		return nil, err
	}
	if digest(string(raw)) != c.Transcript.SHA256 {
		return nil, fault.New(fault.Internal, "redaction.transcript_changed", c.Transcript.Name)
	}
	return raw, nil
}
