package devices

import (
	"bytes"

	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/preview"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
)

func (a area) template(p *site.Page) error {
	var b bytes.Buffer
	if err := device.Template(&b); err != nil {
		return err
	}
	return listing.SendFile(p, p.P.T("device.template_name"), b.Bytes())
}

func (a area) showImport(p *site.Page) error { return preview.Ask(p, sheet(), refusal.Fault{}) }

func (a area) previewImport(p *site.Page) error {
	if done, err := preview.Wrong(p, sheet()); done {
		return err
	}
	return preview.Take(p, sheet(), func(xlsx []byte) (org.Preview, error) {
		return a.d.Devices.PreviewDevices(p.Context(), p.Actor, xlsx)
	})
}

func (a area) applyImport(p *site.Page) error {
	id, err := ident.Parse[ident.ImportID](p.R.PathValue("id"))
	if err != nil {
		return fault.New(fault.NotFound, "org.import")
	}
	count, err := a.d.Devices.ApplyDevices(p.Context(), p.Actor, id)
	if bad, ok := refusal.Of(p.P, err); ok {
		return preview.Ask(p, sheet(), bad)
	}
	if err != nil {
		return err
	}
	return preview.Done(p, sheet(), count)
}
