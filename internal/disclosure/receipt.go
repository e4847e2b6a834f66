package disclosure

import (
	"context"
	"regexp"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

var hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Receive enters the recipient's receipt (回执): the day on it, who signed, and the digest of its scan where there is one. Once. Faults:
// Conflict "disclosure.not_given", "disclosure.received"; Invalid "disclosure.receipt_day", "disclosure.words", "disclosure.digest".
func (s *Service) Receive(ctx context.Context, by access.Actor, id ident.DisclosureID, r Receipt) error {
	var err error
	if r.By, err = text(r.By, "by", true); err != nil {
		return err
	}
	if r.Words, err = text(r.Words, "words", false); err != nil {
		return err
	}
	if r.SHA256 != "" && !hexDigest.MatchString(r.SHA256) {
		return fault.New(fault.Invalid, "disclosure.digest").At("scan")
	}
	on, err := time.ParseInLocation(time.DateOnly, r.On, clock.Shanghai)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "disclosure.receipt_day").At("on")
	}
	seen, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, by, access.DisclosureReceipt, seen.subject(""), func(tx *gate.Tx) error {
		d, err := locked(tx.Context(), tx.DB(), id)
		switch {
		case err != nil:
			return err
		case d.State != Given:
			return fault.New(fault.Conflict, "disclosure.not_given")
		case !d.Receipt.At.IsZero():
			return fault.New(fault.Conflict, "disclosure.received")
		case on.Before(day(d.GivenAt)) || on.After(tx.Now()):
			return fault.New(fault.Invalid, "disclosure.receipt_day").At("on")
		}
		r.At, r.Name = tx.Now(), by.Name
		d.Receipt = r
		if err := update(tx.Context(), tx.DB(), d); err != nil {
			return err
		}
		entry := ident.New[ident.EntryID]()
		if err := recordAs(tx, d, entry, custody.Done, "on", r.On, "by_digest", vouch.Digest(r.By), "scan_sha256", r.SHA256); err != nil {
			return err
		}
		return duty.Meet(tx, duty.DisclosureReceipt, d.about(), entry)
	})
}

// day is the beginning of a day of the bureau's calendar.
func day(t time.Time) time.Time {
	y, m, d := t.In(clock.Shanghai).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, clock.Shanghai)
}
