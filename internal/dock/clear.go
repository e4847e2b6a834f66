package dock

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/verify"
)

// Cleared is what became of a file an order named.
type Cleared struct {
	Path   string `json:"path"`
	Status string `json:"status"` // cleared | kept
	Code   string `json:"code,omitempty"`
}

type clearOrder struct {
	ID      string    `json:"order_id"`
	Card    string    `json:"card_id"`
	Expires time.Time `json:"expires_at"`
	Files   []struct {
		Path   string `json:"path"`
		Size   int64  `json:"size"`
		SHA256 string `json:"sha256"`
	} `json:"files"`
}

// Clear waits until ctx ends for the custodian's signed order about this docking and carries it out: a file goes only
// if a second read of the card gives the digest the order names (decision 14, G16). Without an order nothing goes.
func (a *Agent) Clear(ctx context.Context, cardID string) ([]Cleared, error) {
	var raw []byte
	for {
		status, err := a.client.json(ctx, http.MethodGet, "/api/v1/cards/"+cardID+"/clear", nil, &raw)
		if err == nil && status == http.StatusOK {
			break
		}
		if err != nil && !retryable(err) {
			return nil, err
		}
		if err := a.c.Pause(ctx, 3*time.Second); err != nil {
			return nil, fault.New(fault.Unavailable, "dock.no_order")
		}
	}
	statement, err := verify.Order(raw, a.trust)
	if err != nil {
		return nil, err
	}
	var o clearOrder
	if err := json.Unmarshal(statement, &o); err != nil || o.Card != cardID || a.c.Clock.Now().After(o.Expires) {
		return nil, fault.New(fault.Conflict, "dock.order_wrong")
	}
	entries, err := Scan(a.c.Card)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "dock.card_unreadable").At("card")
	}
	byPath := map[string][]Entry{}
	for _, e := range entries {
		byPath[e.Path] = append(byPath[e.Path], e)
	}
	out := make([]Cleared, 0, len(o.Files))
	for _, f := range o.Files {
		out = append(out, Cleared{Path: f.Path, Status: "kept", Code: a.clearOne(byPath[f.Path], f.Size, f.SHA256)})
		if last := &out[len(out)-1]; last.Code == "" {
			last.Status = "cleared"
		}
	}
	return out, a.retry(ctx, func() error {
		_, err := a.client.json(ctx, http.MethodPost, "/api/v1/cards/"+cardID+"/clear", map[string]any{"order_id": o.ID, "files": out}, nil)
		return err
	})
}

// clearOne removes one file and gives "", or the code why it stays.
func (a *Agent) clearOne(found []Entry, size int64, sum string) string {
	if len(found) != 1 || found[0].Left != "" {
		return "not_found"
	}
	e := found[0]
	if e.Size != size {
		return "changed"
	}
	got, err := a.digest(e)
	if err != nil {
		return "unreadable"
	}
	if got != sum {
		return "changed"
	}
	if err := os.Remove(e.local); err != nil {
		return "not_removable"
	}
	if d, err := os.Open(filepath.Dir(e.local)); err == nil { // best effort: many card file systems cannot sync a folder
		_ = d.Sync()
		_ = d.Close()
	}
	return ""
}

// Watch docks every card that appears at the folder until ctx ends: it waits for files, docks them, then waits until
// the card is gone. What did not succeed is tried again after growing pauses, up to five minutes, for each try is a docking
// of its own in the house's books. each is called after a docking with its report and error.
func (a *Agent) Watch(ctx context.Context, each func(Report, error)) error {
	const look = 2 * time.Second
	last, pause := "", look
	for {
		id := cardID(a.c.Card)
		entries, err := Scan(a.c.Card)
		switch {
		case err != nil || len(entries) == 0:
			last, pause = "", look
		case id != last:
			rep, err := a.Dock(ctx)
			each(rep, err)
			if err == nil && rep.Failed() == 0 {
				last, pause = id, look
			} else {
				pause = min(2*pause, 5*time.Minute)
			}
		}
		if err := a.c.Pause(ctx, pause); err != nil {
			return nil // being told to stop is how a watch ends
		}
	}
}
