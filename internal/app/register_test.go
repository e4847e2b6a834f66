package app_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/viewing"
)

// TestRegisterProof is R-23-3 "with proof": the register taken from a served house is checked row by row without the house, and a row whose
// file was changed is found.
func TestRegisterProof(t *testing.T) {
	t.Parallel()
	st := openStation(t)
	ctx, h := t.Context(), st.house
	rep := st.dock(st.agent(card(t, map[string]string{"DSJ_0001.mp4": "no film, but kept"}), st.url))
	rec := ident.RecordingID(rep.Results[0].Recording)
	token := enrol(t, h, app.NewUser{Name: "王科长", Number: "002", Username: "wang", Department: st.custodian.Department, Roles: []access.Role{access.Head}}, "head")
	head, _, err := h.Accounts.Authenticate(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	person, err := h.Org.AddPerson(ctx, access.HostActor("test"), org.PersonEdit{Name: "李明", Number: "007", Department: st.custodian.Department})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Recordings.Resolve(ctx, st.custodian, rec, recording.Assignment{Officer: person.ID, Words: "李明当天的记录仪"}); err != nil {
		t.Fatal(err)
	}
	o, err := viewing.Over(h.Recordings).Object(ctx, rec)
	if err != nil || o.Department != st.custodian.Department {
		t.Fatalf("%+v %v", o, err)
	}
	q, err := h.Viewing.Ask(ctx, st.custodian, viewing.Ask{
		Items: []viewing.Item{{Recording: rec}}, Purpose: viewing.PurposeCheck, Words: "核对入库内容", Until: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Viewing.Decide(ctx, head, q.ID, viewing.Decision{Consent: true}); err != nil {
		t.Fatal(err)
	}
	seat := viewing.Seat{Account: ident.AccountID(st.custodian.ID), Session: "s", IP: "127.0.0.1"}
	for range 2 {
		l, err := h.Viewing.Open(ctx, st.custodian, seat, rec, viewing.Play)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Viewing.Close(ctx, st.custodian, seat, l.ID); err != nil {
			t.Fatal(err)
		}
	}
	files := map[string][]byte{}
	await(t, "both rows proved", func() bool {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, st.url+"/register/proof", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(&http.Cookie{Name: "zhilu_session", Value: token})
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%d %s %v", resp.StatusCode, raw, err)
		}
		z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			t.Fatal(err)
		}
		clear(files)
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			files[f.Name] = b
		}
		return files["proofs/000001.json"] != nil && files["proofs/000002.json"] != nil
	})
	trust, err := verify.ParseTrust(files["trust.json"])
	if err != nil {
		t.Fatal(err)
	}
	fingerprint, err := h.TrustFingerprint(ctx)
	if err != nil || !strings.Contains(string(files["readme.txt"]), fingerprint) || !strings.HasPrefix(string(files["checkpoint.txt"]), h.Keys.Origin()) {
		t.Errorf("readme %s, checkpoint %s, %v", files["readme.txt"], files["checkpoint.txt"], err)
	}
	check := func(raw []byte) *verify.Report {
		t.Helper()
		r, err := verify.Bytes(raw, verify.Options{Trust: trust, Clock: clock.System()})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, name := range []string{"proofs/000001.json", "proofs/000002.json"} {
		if r := check(files[name]); r.ExitCode() != verify.ExitOK || r.Kind != "entry" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	var doc map[string]any
	if err := json.Unmarshal(files["proofs/000002.json"], &doc); err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, f := range doc["entry"].(map[string]any)["opened"].([]any) {
		field := f.(map[string]any)
		if field["name"] == "actor.id" {
			field["value"], changed = "somebody else", changed+1
		}
	}
	raw, err := json.Marshal(doc)
	if err != nil || changed != 1 {
		t.Fatalf("%d changed, %v", changed, err)
	}
	if r := check(raw); r.ExitCode() != verify.ExitWrong {
		t.Errorf("a changed row passes: %+v", r)
	}
}
