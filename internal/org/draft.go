package org

import (
	"encoding/json"
	"fmt"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// draftLife is how long an import waits between preview and confirmation. Drafts hold names, so they do not linger.
const draftLife = 24 * time.Hour

// SaveDraft keeps the content of an import (as JSON) between its preview and its confirmation, under a kind such as
// "people" or "device". The caller records the entry. Drafts older than a day are dropped.
func SaveDraft(tx *gate.Tx, id ident.ImportID, kind string, content any) error {
	raw, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("org: import draft: %w", err)
	}
	r := draftRow{ID: id, Kind: kind, MadeBy: tx.Actor().ID, At: clock.Micros(tx.Now()), Content: string(raw)}
	return insertDraft(tx.Context(), tx.DB(), &r, tx.Now().Add(-draftLife))
}

// TakeDraft reads a draft into content and removes it: an import is carried out once. One that is unknown, of another
// kind, of another maker or older than a day is fault NotFound "org.import".
func TakeDraft(tx *gate.Tx, id ident.ImportID, kind string, content any) error {
	r, err := selectDraft(tx.Context(), tx.DB(), id)
	if err != nil {
		return err
	}
	if r.Kind != kind || r.MadeBy != tx.Actor().ID || tx.Now().Sub(clock.FromMicros(r.At)) > draftLife {
		return fault.New(fault.NotFound, "org.import")
	}
	if err := json.Unmarshal([]byte(r.Content), content); err != nil {
		return fmt.Errorf("org: import draft: %w", err)
	}
	return deleteDraft(tx.Context(), tx.DB(), id)
}
