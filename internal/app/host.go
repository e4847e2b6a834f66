package app

import (
	"context"
	"errors"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/gate"
)

// NewEpoch declares, after an older backup was restored, that the log goes on from there (decision 8).
func NewEpoch(ctx context.Context, c OpenConfig, as, reason string) (err error) {
	return withSequencer(ctx, c, func(h *House, s *custody.Sequencer) error {
		actor := access.HostActor("log new-epoch")
		subject := access.Subject{Kind: "log", ID: "epoch"}
		if err := h.Gate.Do(ctx, actor, access.LogNewEpoch, subject, func(tx *gate.Tx) error {
			_, err := tx.Record(gate.Entry{Outcome: custody.Intent, Detail: custody.Detail("as", as, "reason", reason)})
			return err
		}); err != nil {
			return err
		}
		if err := s.NewEpoch(ctx, custody.Actor{Kind: custody.Host, ID: as}, reason); err != nil {
			return err
		}
		_, err := s.Sequence(ctx)
		return err
	})
}

// RotateKey puts a new key in the place of an old one and gives the new trust file's fingerprint.
func RotateKey(ctx context.Context, c OpenConfig, kind, as string) (fingerprint string, err error) {
	err = withSequencer(ctx, c, func(h *House, s *custody.Sequencer) error {
		if err := s.RotateKey(ctx, keyring.Kind(kind), custody.Actor{Kind: custody.Host, ID: as}); err != nil {
			return err
		}
		fingerprint, err = h.TrustFingerprint(ctx)
		return err
	})
	return fingerprint, err
}

func withSequencer(ctx context.Context, c OpenConfig, fn func(*House, *custody.Sequencer) error) (err error) {
	h, err := Open(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	s, err := h.newSequencer(ctx, h.Bureau.Name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return fn(h, s)
}

// TrustFingerprint is the fingerprint of the trust file as it stands, printed on paper and certificates.
func (h *House) TrustFingerprint(ctx context.Context) (string, error) {
	t, err := custody.ReadTrust(ctx, h.DB.Reader, h.Keys.Origin(), h.Bureau.Name)
	if err != nil {
		return "", err
	}
	raw, err := t.Render()
	if err != nil {
		return "", err
	}
	return custody.Fingerprint(raw), nil
}
