package record

import (
	"net/http"
	"net/url"
	"slices"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/site"
)

const jsonType = "application/json; charset=utf-8"

func send(p *site.Page, name string, body []byte) error {
	p.Attach(jsonType, name)
	p.W.WriteHeader(http.StatusOK)
	_, err := p.W.Write(body)
	_ = err // the reader has gone; nobody is left to tell
	return nil
}

// receipt sends a receipt file, with a proof against the latest checkpoint where the log has one.
func (a area) receipt(p *site.Page) error {
	id, err := site.PathID[ident.ReceiptID](p, "id", "receipt.unknown")
	if err != nil {
		return err
	}
	body, err := a.Recordings.Receipt(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	return send(p, "zhilu-receipt-"+string(id)+".json", body)
}

// fileReceipt sends the receipt that says most of a file.
func (a area) fileReceipt(p *site.Page) error {
	id, err := site.PathID[ident.FileID](p, "id", "receipt.unknown")
	if err != nil {
		return err
	}
	body, err := a.Recordings.FileReceipt(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	return send(p, "zhilu-receipt-"+string(id)+".json", body)
}

func proofPath(rec ident.RecordingID, entry ident.EntryID) string {
	return "/entries/" + string(entry) + "/proof?recording=" + url.QueryEscape(string(rec))
}

// proof sends the proof of one entry of a recording's history (docs/formats/entry-proof-v1.md), to who may see that
// recording.
func (a area) proof(p *site.Page) error {
	id, err := site.PathID[ident.EntryID](p, "id", "custody.entry_unknown")
	if err != nil {
		return err
	}
	entry, err := custody.Get(p.Context(), a.Log, id)
	if err != nil {
		return err
	}
	if err := a.mayRead(p, entry); err != nil {
		return err
	}
	body, err := custody.ProveEntry(p.Context(), a.Log, entry)
	if err != nil {
		return err
	}
	return send(p, "zhilu-proof-"+string(id)+".json", body)
}

// mayRead refuses an entry unless it is part of the history of a recording that the reader may see: the one the address
// names, or one the entry itself names. To anybody else the entry does not exist.
func (a area) mayRead(p *site.Page, entry *custody.Record) error {
	about := append([]custody.Subject{entry.Subject}, entry.Related...)
	var asked []ident.RecordingID
	if id, err := ident.Parse[ident.RecordingID](p.Value("recording")); err == nil {
		asked = append(asked, id)
	} else {
		for _, s := range about {
			switch s.Kind {
			case "recording":
				asked = append(asked, ident.RecordingID(s.ID))
			case "file":
				id, err := a.Recordings.FileRecording(p.Context(), ident.FileID(s.ID))
				if err == nil {
					asked = append(asked, id)
				} else if !fault.Is(err, fault.NotFound) {
					return err
				}
			}
		}
	}
	unknown := fault.New(fault.NotFound, "custody.entry_unknown")
	for _, id := range asked {
		d, err := a.Recordings.Get(p.Context(), p.Actor, id)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) {
			continue
		}
		if err != nil {
			return err
		}
		if slices.ContainsFunc(subjects(d), func(s custody.Subject) bool { return slices.Contains(about, s) }) {
			return nil
		}
	}
	return unknown
}

var _ Recordings = (*recording.Service)(nil)
