package casefile

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/delivery"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// Serve records one service of a paper (R-10-01), or what came of one that is on its way: with the delivery's id it is
// written anew. What a mode demands and the record does not show keeps the paper from counting as served; nothing is
// refused for it.
func (s *Service) Serve(ctx context.Context, actor access.Actor, v matter.Delivery) (matter.Delivery, error) {
	for _, x := range []struct {
		field string
		text  *string
		most  int
	}{
		{"recipient", &v.Recipient, maxName},
		{"place", &v.Place, maxName},
		{"reason", &v.Reason, maxReason},
		{"course", &v.Course, maxReason},
		{"witness", &v.Witness, maxName},
	} {
		var err error
		if *x.text, err = cleanLine(*x.text, x.field, 0, x.most); err != nil {
			return v, err
		}
	}
	if !slices.Contains(delivery.Modes(), delivery.Mode(v.Mode)) {
		return v, fault.New(fault.Invalid, "delivery.mode", v.Mode).At("mode")
	}
	soon := s.c.Clock.Now().Add(time.Minute)
	if v.Sent.After(soon) || v.Taken.After(soon) {
		return v, fault.New(fault.Invalid, "case.event_time").At("taken")
	}
	err := s.onPaper(ctx, actor, access.PaperServe, v.Paper, func(c *change, d catalogue.Document, p *matter.Paper, _ map[string]int) error {
		if !d.ServedOnParty {
			return fault.New(fault.Conflict, "paper.not_served")
		}
		if p.State != matter.Complete && p.State != matter.Fixed {
			return fault.New(fault.Conflict, "paper.not_complete")
		}
		v.Case, v.By, v.Entry = c.f.Case.ID, actor.Person, c.entry
		i := slices.IndexFunc(c.f.Deliveries, func(x matter.Delivery) bool { return x.ID == v.ID && x.Paper == v.Paper })
		if v.ID != "" && i < 0 {
			return fault.New(fault.NotFound, "case.delivery_unknown")
		}
		fresh := i < 0
		if fresh {
			v.ID = ident.New[ident.DeliveryID]()
			c.f.Deliveries = append(c.f.Deliveries, v)
			i = len(c.f.Deliveries) - 1
		}
		c.f.Deliveries[i] = v
		if err := c.judge(i, *p); err != nil {
			return err
		}
		v = c.f.Deliveries[i]
		c.tell("mode", v.Mode, "service", v.State)
		if fresh {
			return c.add("case_delivery", rows.OfDelivery(v))
		}
		return c.set("case_delivery", rows.OfDelivery(v))
	})
	return v, err
}

// Judged gives the verdict on one service, with what it lacks and why.
func (s *Service) Judged(ctx context.Context, f File, v matter.Delivery) (delivery.Verdict, error) {
	e, err := s.Edition(ctx, f)
	if err != nil {
		return delivery.Verdict{}, err
	}
	p, _ := f.Paper(v.Paper)
	return delivery.Judge(proof.Rules{Catalogue: e.Catalogue, Calendar: e.Calendar}, delivery.From(f, p, v), s.c.Clock.Now())
}

// judge reckons one delivery of the case anew.
func (c *change) judge(i int, p matter.Paper) error {
	v := &c.f.Deliveries[i]
	verdict, err := delivery.Judge(proof.Rules{Catalogue: c.edition.Catalogue, Calendar: c.edition.Calendar}, delivery.From(c.f, p, *v), c.now())
	if err != nil {
		return err
	}
	v.State, v.Deemed = string(verdict.State), time.Time{}
	if verdict.State == delivery.Served || verdict.State == delivery.Running {
		if t, err := time.ParseInLocation(time.DateOnly, verdict.On, clock.Shanghai); err == nil {
			v.Deemed = t
			if v.Mode != string(delivery.Announcement) && !v.Taken.IsZero() {
				v.Deemed = v.Taken
			}
		}
	}
	return nil
}

// handed records that a paper was served by being signed for on the spot: the party's own signature under it, or the
// noted refusal, is all direct service asks.
func (c *change) handed(d catalogue.Document, p matter.Paper, x matter.Signature) error {
	if !d.ServedOnParty || x.Role != "party" || x.Mode == matter.Refused {
		return nil
	}
	organisation := slices.ContainsFunc(c.f.Parties, func(y matter.Party) bool { return y.Role == matter.PartyMain && y.Kind == matter.Organisation })
	relation := delivery.Addressee
	if organisation {
		relation = delivery.LegalRep
	}
	v := matter.Delivery{
		ID: ident.New[ident.DeliveryID](), Case: c.f.Case.ID, Paper: p.ID, Mode: string(delivery.Direct), Recipient: x.Name, Relation: string(relation),
		Taken: c.now(), Answers: json.RawMessage(`{"receipt":"yes"}`), By: c.actor().Person, Entry: c.entry,
	}
	c.f.Deliveries = append(c.f.Deliveries, v)
	i := len(c.f.Deliveries) - 1
	if err := c.judge(i, p); err != nil {
		return err
	}
	return c.add("case_delivery", rows.OfDelivery(c.f.Deliveries[i]))
}

// AttachmentLimit is the largest file that is attached to a paper.
const AttachmentLimit = 20 << 20

// attachmentKinds are what may be attached: pictures and PDF. Footage goes through the door for evidence.
var attachmentKinds = map[string]string{"\xff\xd8\xff": "image/jpeg", "\x89PNG\r\n\x1a\n": "image/png", "%PDF-": "application/pdf"}

// Attachment is a file that belongs to a paper, without its bytes.
type Attachment struct {
	ID     ident.AttachmentID
	Paper  ident.PaperID
	Name   string
	Kind   string // media type, told from its bytes
	Size   int64
	SHA256 string
	By     ident.PersonID
	At     time.Time
}

// Attach keeps a file with a paper: a scan of the signed original, a photograph, a drawing. Only JPEG, PNG and PDF, told
// from their bytes.
func (s *Service) Attach(ctx context.Context, actor access.Actor, id ident.PaperID, name string, content []byte) (Attachment, error) {
	name, err := cleanLine(name, "name", 1, maxName)
	if err != nil {
		return Attachment{}, err
	}
	if len(content) == 0 || len(content) > AttachmentLimit {
		return Attachment{}, fault.New(fault.Invalid, "paper.attachment_size", AttachmentLimit>>20).At("file")
	}
	kind := ""
	for magic, k := range attachmentKinds {
		if len(content) >= len(magic) && string(content[:len(magic)]) == magic {
			kind = k
		}
	}
	if kind == "" {
		return Attachment{}, fault.New(fault.Invalid, "paper.attachment_kind").At("file")
	}
	var a Attachment
	err = s.onPaper(ctx, actor, access.PaperDraft, id, func(c *change, d catalogue.Document, p *matter.Paper, _ map[string]int) error {
		c.quiet = true
		r := &rows.Attachment{
			ID: ident.New[ident.AttachmentID](), Case: c.f.Case.ID, Paper: id, Name: name, Kind: kind, Size: int64(len(content)), SHA256: digest(content),
			Content: content, By: actor.Person, At: clock.Micros(c.now()), Entry: c.entry,
		}
		a = attachmentOf(r)
		c.tell("attachment", string(r.ID), "sha256", r.SHA256, "size", r.Size)
		return rows.Insert(c.ctx, c.tx.DB(), r)
	})
	return a, err
}

func attachmentOf(r *rows.Attachment) Attachment {
	return Attachment{ID: r.ID, Paper: r.Paper, Name: r.Name, Kind: r.Kind, Size: r.Size, SHA256: r.SHA256, By: r.By, At: clock.FromMicros(r.At)}
}

// Ref is how a field of a paper names the attachment.
func (a Attachment) Ref() form.FileRef {
	return form.FileRef{ID: string(a.ID), Name: a.Name, SHA256: a.SHA256}
}

// Attachments lists the files attached to papers of a case.
func (s *Service) Attachments(ctx context.Context, actor access.Actor, id ident.CaseID) ([]Attachment, error) {
	if _, err := s.Get(ctx, actor, id); err != nil {
		return nil, err
	}
	list, err := rows.AttachmentsOf(ctx, s.c.DB.Reader, id)
	out := make([]Attachment, len(list))
	for i := range list {
		out[i] = attachmentOf(&list[i])
	}
	return out, err
}

// Content gives an attachment's bytes, after checking them against the digest it was taken in with.
func (s *Service) Content(ctx context.Context, actor access.Actor, id ident.AttachmentID) (Attachment, []byte, error) {
	r, err := rows.AttachmentBy(ctx, s.c.DB.Reader, id)
	if err != nil {
		return Attachment{}, nil, fault.New(fault.NotFound, "paper.unknown")
	}
	if _, err := s.Get(ctx, actor, r.Case); err != nil {
		return Attachment{}, nil, err
	}
	if digest(r.Content) != r.SHA256 {
		return Attachment{}, nil, fault.New(fault.Internal, "paper.attachment_altered")
	}
	return attachmentOf(r), r.Content, nil
}
