package execute_test

import (
	"context"
	"net/http"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/web/execute"
	"zhilu.dev/zhilu/internal/web/pagetest"
	"zhilu.dev/zhilu/internal/web/site"
)

// TestPage: a case's own people see the page, people of another department are refused.
func TestPage(t *testing.T) {
	t.Parallel()
	var cases *casefile.Service
	w := pagetest.New(t, func(w *pagetest.World) []site.Route {
		var err error
		if cases, err = casefile.New(casefile.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock, People: w.Org, Rules: regulation.New(w.Gate, w.DB)}); err != nil {
			t.Fatal(err)
		}
		return execute.Routes(execute.Deps{Cases: cases})
	})
	ctx := context.Background()
	second := w.Add(t, "迪丽拜尔·阿卜杜喀迪尔", "second", w.Departments[0].ID, access.Officer)
	officers := []ident.PersonID{w.People[access.Officer].ID, second.ID}
	for i, id := range officers {
		if _, err := w.Org.AddCertificate(ctx, access.HostActor("test"), id, org.CertificateEdit{
			Number: []string{"云执0417", "云执0388"}[i], ValidFrom: gatetest.Start.AddDate(-1, 0, 0), ValidTo: gatetest.Start.AddDate(2, 0, 0),
		}); err != nil {
			t.Fatal(err)
		}
	}
	c, err := cases.Open(ctx, w.Actor(t, access.Officer), casefile.Opening{
		Title: "砚田法律服务所未按规定统一收案收费案", Act: "penalty", Procedure: matter.Ordinary, Department: w.Departments[0].ID, Lead: officers[0], Others: officers[1:],
	})
	if err != nil {
		t.Fatal(err)
	}
	path := execute.Path(c.ID)
	w.As(access.Officer).Get(path).Want(http.StatusOK, "履行与执行", c.No, "砚田法律服务所", "没有需要履行的罚款", `href="/cases/`+string(c.ID)+`"`)
	w.As(access.Officer).In(locale.English).Get(path).Want(http.StatusOK, "Performance and enforcement", "No fine to be paid")
	w.AsPerson(w.Other.ID).Get(path).Want(http.StatusForbidden)
	w.As(access.Officer).Get("/cases/nonsense/execution").Want(http.StatusNotFound)
	w.As(access.Officer).Get(execute.Path(ident.New[ident.CaseID]())).Want(http.StatusNotFound)
}
