package find

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"image"
	"image/draw"
	_ "image/jpeg" // pictures that are searched
	_ "image/png"
	"io"
	"log/slog"
	"os"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/slate/qr"
	"zhilu.dev/zhilu/internal/verify"
)

// Trusted gives the keys of a trust.json that certify phones: those that sign receipts (ADR 29). Invalid "verify.trust".
func Trusted(raw []byte) ([]ed25519.PublicKey, error) {
	if _, err := verify.ParseTrust(raw); err != nil {
		return nil, err
	}
	var f struct {
		Keys []struct {
			Kind      string            `json:"kind"`
			PublicKey ed25519.PublicKey `json:"public_key"` // base64, as encoding/json reads bytes
		} `json:"keys"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "verify.trust", "json").At("trust")
	}
	var out []ed25519.PublicKey
	for _, k := range f.Keys {
		if k.Kind == "receipt" {
			out = append(out, k.PublicKey)
		}
	}
	return out, nil
}

// InFile searches a file on the disk: as a picture where it is one (PNG, JPEG), else as a film. Faults: NotFound "verify.unreadable"; TooLarge
// "slate.picture"; Invalid "slate.film" (there is nothing to look at), "verify.unreadable" (a broken picture).
func InFile(ctx context.Context, log *slog.Logger, c clock.Clock, name string, o Options) (hits []Hit, err error) {
	f, err := os.Open(name) //nolint:gosec // the operator names the file to look into
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "verify.unreadable", name)
	}
	defer func() { _ = f.Close() }() // only read
	if conf, _, err := image.DecodeConfig(f); err == nil {
		if conf.Width > qr.MaxPixels/max(1, conf.Height) {
			return nil, fault.New(fault.TooLarge, "slate.picture", name)
		}
		return inImage(f, name, o)
	}
	p, err := media.New(ctx, media.Config{Logger: log, Clock: c, AllowRlimit: true})
	if err != nil {
		return nil, err
	}
	facts, err := p.ProbeFile(ctx, name)
	if err != nil {
		return nil, err
	}
	m, err := derive.New(ctx, derive.Config{Logger: log, AllowRlimit: true})
	if err != nil {
		return nil, err
	}
	hits, err = InFilm(ctx, m, derive.Source{ReaderAt: f, Size: facts.Size, Facts: facts}, o)
	if fault.Is(err, fault.Invalid) {
		err = fault.Wrap(err, fault.Invalid, "slate.film", name)
	}
	return hits, err
}

func inImage(f io.ReadSeeker, name string, o Options) ([]Hit, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "verify.unreadable", name)
	}
	img, _, err := image.Decode(f)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "verify.unreadable", name)
	}
	gray := image.NewGray(img.Bounds())
	draw.Draw(gray, gray.Rect, img, gray.Rect.Min, draw.Src)
	return InPicture(gray, o), nil
}
