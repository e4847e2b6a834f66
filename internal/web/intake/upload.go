package intake

import (
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// endpoint is where the upload door listens.
const endpoint = "/upload"

func (a area) upload(p *site.Page) error {
	head := ui.HeadView{
		Title: p.P.T("intake.title"), Sub: p.P.T("intake.sub"), Actions: []ui.Action{{Text: p.P.T("card.title"), Href: cardsPath, Icon: "device-sd-card"}},
	}
	return p.Render(p.P.T("intake.title"), uploadPage(p.P, head, ui.UploadView{Endpoint: endpoint}))
}
