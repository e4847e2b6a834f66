package device

import (
	"context"
	"encoding/json"
	"io"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/org"
)

// draftDevices is the kind of a draft of devices.
const draftDevices = "device"

// draft is what waits between preview and confirmation.
type draft struct {
	Rows     []ledger.Row
	Problems []ledger.Problem
	Shown    string // the fingerprint of what was shown
}

// PreviewDevices reads a sheet of devices and says what would happen, without changing anything. Wrong rows do not
// hold back the others; a custodian imports only what their departments own. What would change is kept for
// ApplyDevices, for a day; if nothing would, the preview's ID is empty. Faults: those of ledger.Read.
func (v *Inventory) PreviewDevices(ctx context.Context, actor access.Actor, xlsx []byte) (org.Preview, error) {
	id := ident.New[ident.ImportID]()
	s := access.Subject{Kind: "import", ID: string(id)}
	if err := v.c.Gate.Check(ctx, actor, access.DeviceImport, s); err != nil {
		return org.Preview{}, err
	}
	rows, problems, err := ledger.Read(xlsx, Sheet())
	if err != nil {
		return org.Preview{}, err
	}
	tree, err := org.ReadTree(ctx, v.c.DB)
	if err != nil {
		return org.Preview{}, err
	}
	k, err := v.known(ctx, v.c.DB.Reader, tree, actor)
	if err != nil {
		return org.Preview{}, err
	}
	list, all := plan(k, rows, problems)
	p := preview(rows, list, all)
	if p.Changes() == 0 {
		return p, nil
	}
	p.ID = id
	return p, v.c.Gate.Do(ctx, actor, access.DeviceImport, s, func(tx *gate.Tx) error {
		if err := org.SaveDraft(tx, id, draftDevices, draft{rows, problems, fingerprint(list)}); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{Outcome: custody.Intent, Detail: countDetail(p.Count)})
		return err
	})
}

// ApplyDevices carries out a previewed import: one transaction, an entry for each device and one for the import.
// Wrong rows are left out. If the inventory changed since the preview, it is fault Conflict "org.import_stale" and
// nothing is done.
func (v *Inventory) ApplyDevices(ctx context.Context, actor access.Actor, id ident.ImportID) (map[org.Effect]int, error) {
	tree, err := org.ReadTree(ctx, v.c.DB) // register and edit check the department again inside
	if err != nil {
		return nil, err
	}
	var count map[org.Effect]int
	err = v.c.Gate.Do(ctx, actor, access.DeviceImport, access.Subject{Kind: "import", ID: string(id)}, func(tx *gate.Tx) error {
		var d draft
		if err := org.TakeDraft(tx, id, draftDevices, &d); err != nil {
			return err
		}
		k, err := v.known(tx.Context(), tx.DB(), tree, actor)
		if err != nil {
			return err
		}
		list, problems := plan(k, d.Rows, d.Problems)
		if fingerprint(list) != d.Shown {
			return fault.New(fault.Conflict, "org.import_stale")
		}
		for _, x := range list {
			if err := carryOut(tx, id, x); err != nil {
				return err
			}
		}
		count = preview(d.Rows, list, problems).Count
		_, err = tx.Record(gate.Entry{Detail: countDetail(count)})
		return err
	})
	return count, err
}

func carryOut(tx *gate.Tx, id ident.ImportID, x planned) error {
	from := custody.Subject{Kind: "import", ID: string(id)}
	switch x.effect {
	case org.EffectNew:
		err := register(tx, Device{Spec: x.spec, ID: ident.New[ident.DeviceID]()}, from)
		if fault.HasCode(err, "device.label_taken") {
			return fault.Wrap(err, fault.Conflict, "org.import_stale")
		}
		return err
	case org.EffectChanged:
		d, err := lockDevice(tx.Context(), tx.DB(), x.device.ID)
		if err != nil {
			return err
		}
		if d.Version != x.device.Version {
			return fault.New(fault.Conflict, "org.import_stale")
		}
		return edit(tx, d, x.spec, from)
	case org.EffectUnchanged, org.EffectWrong:
	}
	return nil
}

// known reads what a plan needs. A bureau has some hundred devices; all of them are read.
func (v *Inventory) known(ctx context.Context, idb bun.IDB, tree org.Tree, actor access.Actor) (known, error) {
	k := known{tree: tree, may: func(d ident.DepartmentID) bool {
		return v.c.Gate.May(actor, access.DeviceRegister, access.Subject{Kind: "device", Department: d})
	}}
	var err error
	k.devices, k.out, err = selectRegister(ctx, idb)
	return k, err
}

func preview(rows []ledger.Row, list []planned, problems []ledger.Problem) org.Preview {
	p := org.Preview{Problems: problems, Count: map[org.Effect]int{}, Rows: make([]org.PreviewRow, len(list))}
	for i, x := range list {
		p.Rows[i] = org.PreviewRow{Line: x.line, Effect: x.effect, Cells: rows[i].Cells, Changed: x.changes}
		p.Count[x.effect]++
	}
	return p
}

func countDetail(c map[org.Effect]int) json.RawMessage {
	return custody.Detail("new", c[org.EffectNew], "changed", c[org.EffectChanged], "unchanged", c[org.EffectUnchanged], "wrong", c[org.EffectWrong])
}

// Template writes an empty sheet to fill in, with one example row.
func Template(w io.Writer) error {
	return ledger.Template(w, "设备", Sheet(), []string{"Z-07", "执法记录仪", "执法一科", "", "", "SN0007", "Z07", "Z07", ""})
}
