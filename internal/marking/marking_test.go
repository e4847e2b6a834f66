package marking_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
)

type room struct {
	*gatetest.World
	t   *testing.T
	svc *marking.Service
	n   int

	handler ident.PersonID // of an open case to which every recording is linked
}

func person(id string, roles ...access.Role) access.Actor {
	return access.Actor{
		Kind: access.Person, ID: "a-" + id, Person: ident.PersonID(id), Name: id, Roles: roles, Department: "d1", Departments: []ident.DepartmentID{"d1"},
	}
}

var (
	officer = person("o", access.Officer)
	keeper  = person("k", access.Custodian)
	leader  = person("l", access.Leader)
	second  = person("l2", access.Leader)
	admin   = person("x", access.SystemAdmin)
)

func each(t *testing.T, run func(r *room)) {
	t.Helper()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := &room{World: w, t: t}
		var err error
		r.svc, err = marking.New(marking.Config{
			DB: w.DB, Gate: w.Gate,
			Handled: func(_ context.Context, p ident.PersonID, _ ident.RecordingID) (bool, error) {
				return p == r.handler, nil
			},
			Object: func(ctx context.Context, id ident.RecordingID) (marking.Object, error) {
				var whole string
				if err := w.DB.Reader.NewSelect().Table("recording").ColumnExpr("CASE WHEN joined_into <> '' THEN joined_into ELSE id END").Where("id = ?", id).Scan(ctx, &whole); err != nil {
					return marking.Object{}, fault.New(fault.NotFound, "recording.unknown")
				}
				return marking.Object{ID: ident.RecordingID(whole), Department: "d1", Officer: "o", Name: "a.mp4"}, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		run(r)
	})
}

// add puts a row of a recording where the foreign keys want one; into is the whole it is a part of.
func (r *room) add(into ident.RecordingID) ident.RecordingID {
	r.t.Helper()
	r.n++
	id := ident.RecordingID(fmt.Sprint("r", r.n))
	_, err := r.DB.Writer.NewRaw(`INSERT INTO recording (id, kind, state, name, files, size, card_id, stored_at, sort_at, verdict, joined_into)
		VALUES (?, 'video', 'verified', 'a.mp4', 1, 1, '', 1, 1, 'in_time', ?)`, id, into).Exec(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

func (r *room) marks(id ident.RecordingID) []marking.Mark {
	r.t.Helper()
	s, err := marking.For(r.t.Context(), r.DB.Reader, id)
	if err != nil {
		r.t.Fatal(err)
	}
	return s.List()
}

func (r *room) put(a access.Actor, id ident.RecordingID, m marking.Mark) *marking.Marking {
	r.t.Helper()
	x, err := r.svc.Put(r.t.Context(), a, id, m, "当事人要求")
	if err != nil {
		r.t.Fatal(err)
	}
	return x
}

func (r *room) want(err error, code string) {
	r.t.Helper()
	if !fault.HasCode(err, code) {
		r.t.Fatalf("got %v, want %s", err, code)
	}
}

func TestMarksTighten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mark                              marking.Mark
		doubles, masked, withheld, frozen bool
	}{
		{marking.CommercialSecret, true, false, false, false},
		{marking.Privacy, true, true, false, false},
		{marking.Minor, true, true, false, false},
		{marking.Home, true, true, false, false},
		{marking.Medical, true, true, false, false},
		{marking.Informant, true, true, true, false},
		{marking.StateSecret, false, false, false, true},
	} {
		s := marking.Set{c.mark: true}
		if s.Doubles() != c.doubles || s.Masked() != c.masked || s.Withheld() != c.withheld || s.Frozen() != c.frozen {
			t.Errorf("%s: doubles %v masked %v withheld %v frozen %v", c.mark, s.Doubles(), s.Masked(), s.Withheld(), s.Frozen())
		}
	}
	if s := (marking.Set{}); s.Doubles() || s.Masked() || s.Withheld() || s.Frozen() {
		t.Error("nothing marked, and yet tightened")
	}
}

// TestPutAndLift is R-20-4: who may mark, that a mark is lifted and never gone, and that a part stands for its whole.
func TestPutAndLift(t *testing.T) {
	t.Parallel()
	each(t, func(r *room) {
		whole := r.add("")
		part := r.add(whole)
		other := r.add("")
		m := r.put(officer, part, marking.Minor)
		if m.Recording != whole || !slices.Equal(r.marks(part), []marking.Mark{marking.Minor}) || !slices.Equal(r.marks(whole), r.marks(part)) || len(r.marks(other)) != 0 {
			r.t.Fatalf("%+v %v %v %v", m, r.marks(part), r.marks(whole), r.marks(other))
		}
		_, err := r.svc.Put(r.t.Context(), keeper, whole, marking.Minor, "又一次")
		r.want(err, "marking.stands")
		_, err = r.svc.Put(r.t.Context(), keeper, whole, "ethnicity", "无此种类")
		r.want(err, "marking.mark")
		_, err = r.svc.Put(r.t.Context(), keeper, whole, marking.Home, " ")
		r.want(err, "marking.words")
		if _, err := r.svc.Put(r.t.Context(), admin, whole, marking.Home, "管理员"); !fault.Is(err, fault.Forbidden) {
			r.t.Fatalf("an administrator marked: %v", err)
		}
		if err := r.svc.Lift(r.t.Context(), keeper, m.ID, "不需要", ""); !fault.Is(err, fault.Forbidden) {
			r.t.Fatalf("a custodian lifted: %v", err)
		}
		if err := r.svc.Lift(r.t.Context(), leader, m.ID, "核实为成年人", ""); err != nil {
			r.t.Fatal(err)
		}
		r.want(r.svc.Lift(r.t.Context(), leader, m.ID, "再一次", ""), "marking.lifted")
		if len(r.marks(whole)) != 0 {
			r.t.Fatal("a lifted mark stands")
		}
		r.put(keeper, whole, marking.Minor) // it can be put again
		all, err := r.svc.Of(r.t.Context(), keeper, part)
		if err != nil || len(all) != 2 {
			r.t.Fatalf("%v %v", all, err)
		}
	})
}

// TestStateSecret is decision 21: a mark freezes at once, tells the leaders, and is lifted only by another leader on a
// written instruction.
func TestStateSecret(t *testing.T) {
	t.Parallel()
	each(t, func(r *room) {
		rec := r.add("")
		if err := marking.Refuse(r.t.Context(), r.DB.Reader, rec); err != nil {
			r.t.Fatal(err)
		}
		m := r.put(leader, rec, marking.StateSecret)
		r.want(marking.Refuse(r.t.Context(), r.DB.Reader, rec), "marking.frozen")
		owed := func(want int64) {
			r.t.Helper()
			n, err := r.DB.Reader.NewSelect().Table("duty").Where("kind = 'secret_report' AND state = 'open' AND subject_kind = 'recording'").Count(r.t.Context())
			if err != nil || n != want {
				r.t.Fatalf("%d duties, %v", n, err)
			}
		}
		owed(1)
		r.want(r.svc.Lift(r.t.Context(), leader, m.ID, "不是", "保密局 2026-1 号"), "marking.own")
		r.want(r.svc.Lift(r.t.Context(), second, m.ID, "不是", ""), "marking.words")
		if err := r.svc.Lift(r.t.Context(), second, m.ID, "鉴定不属于国家秘密", "县保密局〔2026〕1 号"); err != nil {
			r.t.Fatal(err)
		}
		if err := marking.Refuse(r.t.Context(), r.DB.Reader, rec); err != nil {
			r.t.Fatal(err)
		}
		owed(0)
	})
}

// TestInformant: the mark is seen by who could put it, and by nobody else.
func TestInformant(t *testing.T) {
	t.Parallel()
	each(t, func(r *room) {
		rec := r.add("")
		r.put(keeper, rec, marking.Informant)
		if all, err := r.svc.Of(r.t.Context(), keeper, rec); err != nil || len(all) != 1 {
			r.t.Fatalf("%v %v", all, err)
		}
		if all, err := r.svc.Of(r.t.Context(), officer, rec); err != nil || len(all) != 0 {
			r.t.Fatalf("the officer who filmed it learns of an informant: %v %v", all, err)
		}
		stranger := person("s", access.Officer)
		if _, err := r.svc.Of(r.t.Context(), stranger, rec); !fault.Is(err, fault.Forbidden) {
			r.t.Fatalf("a stranger read marks: %v", err)
		}
	})
}

// TestHandlerMarks is R-20-4: who handles an open case to which a recording is linked marks it, while they do; they lift nothing, and see no
// mark for an informant.
func TestHandlerMarks(t *testing.T) {
	t.Parallel()
	each(t, func(r *room) {
		ctx := r.t.Context()
		rec := r.add("")
		other := person("b", access.Officer)
		other.Department, other.Departments = "d2", []ident.DepartmentID{"d2"}
		refused := func(a access.Actor) {
			r.t.Helper()
			if _, err := r.svc.Put(ctx, a, rec, marking.Minor, "有孩子"); !fault.Is(err, fault.Forbidden) {
				r.t.Fatalf("%s marked it: %v", a.Name, err)
			}
			if _, err := r.svc.Of(ctx, a, rec); !fault.Is(err, fault.Forbidden) {
				r.t.Fatalf("%s saw its marks: %v", a.Name, err)
			}
			if may, err := r.svc.MayPut(ctx, a, rec); may || err != nil {
				r.t.Fatalf("%s is offered the form: %v", a.Name, err)
			}
		}
		refused(other)
		r.handler = admin.Person
		refused(admin) // T13: no administrator on that ground
		r.handler = other.Person
		if may, err := r.svc.MayPut(ctx, other, rec); !may || err != nil {
			r.t.Fatalf("a handler is not offered the form: %v", err)
		}
		m := r.put(other, rec, marking.Privacy)
		if err := r.svc.Lift(ctx, other, m.ID, "不再需要", ""); !fault.Is(err, fault.Forbidden) {
			r.t.Fatalf("a handler lifted a mark: %v", err)
		}
		r.put(keeper, rec, marking.Informant)
		if all, err := r.svc.Of(ctx, other, rec); err != nil || len(all) != 1 || all[0].ID != m.ID {
			r.t.Fatalf("a handler sees %v: %v", all, err)
		}
		r.handler = "" // the case was closed, or is somebody else's now
		refused(other)
	})
}
