package disc

import (
	"context"
	_ "embed" // the README
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	disccheck "zhilu.dev/zhilu/internal/verify/disc"
)

// recordings copies what was filmed, file by file, comparing each with what was sealed.
func (m *making) recordings(ctx context.Context) error {
	for i, p := range m.pieces {
		if err := m.still(ctx, m.s.c.DB.Reader); err != nil { // it may have been taken back meanwhile
			return err
		}
		r := recorded{Recording: string(p.Recording), File: string(p.File), Kind: p.Kind, Original: p.Name, Name: "recordings/" + safeName(i+1, p.Name)}
		src, err := p.Open(ctx)
		if err != nil {
			return err
		}
		l, err := m.st.copy(ctx, r.Name, src)
		if err := errors.Join(err, src.Close()); err != nil {
			return err
		}
		if l.Size != p.Size || p.SHA256 != "" && l.SHA256 != p.SHA256 {
			return fault.New(fault.Internal, "disc.damaged", p.Name)
		}
		r.Size, r.SHA256 = l.Size, l.SHA256
		base := strings.TrimSuffix(filepath.Base(r.Name), filepath.Ext(r.Name))
		if p.View != nil {
			r.View = "viewing/" + base + ".h264.mp4" // never an original's name: what is hidden by name would hide both
			if _, err := m.st.fill(ctx, r.View, func(w io.Writer) error { return p.View(ctx, w) }); err != nil {
				return err
			}
		}
		if p.Receipt != nil {
			r.Receipt = fmt.Sprintf("receipts/%03d-receipt.json", i+1)
			if err := m.st.put(ctx, r.Receipt, p.Receipt); err != nil {
				return err
			}
		}
		if p.Statement != nil {
			r.Statement = fmt.Sprintf("receipts/%03d-statement.json", i+1)
			if err := m.st.put(ctx, r.Statement, p.Statement); err != nil {
				return err
			}
		}
		if p.Written != nil {
			r.Written = fmt.Sprintf("receipts/%03d-transcript%s", i+1, strings.ToLower(filepath.Ext(p.WrittenName)))
			if err := m.st.put(ctx, r.Written, p.Written); err != nil {
				return err
			}
		}
		m.listed = append(m.listed, r)
	}
	return nil
}

// papers writes the note, as data and as it is printed.
func (m *making) papers(ctx context.Context) error {
	raw, err := custody.RenderJSON(m.d.noteFile())
	if err != nil {
		return err
	}
	if err := m.st.put(ctx, "note.json", raw); err != nil {
		return err
	}
	pdf, err := m.s.c.Sheets.Note(ctx, m.d, m.d.Note)
	if err != nil {
		return err
	}
	return m.st.put(ctx, "文字说明.pdf", pdf)
}

//go:embed readme.txt
var readme string

// pages writes what explains, plays and checks the disc, and the programs that do.
func (m *making) pages(ctx context.Context) error {
	text := strings.NewReplacer("{编号}", m.d.Number, "{案号}", m.d.CaseNo, "{案名}", m.d.CaseTitle, "{单位}", m.s.c.Bureau, "{申请}", strconv.FormatInt(m.consent.No, 10),
		"{文件}", strconv.Itoa(len(m.listed)), "{大小}", strconv.FormatInt(m.mark.size, 10), "{根}", m.mark.root, "{指纹}", m.mark.fingerprint, "\n", "\r\n").Replace(readme)
	if err := m.st.put(ctx, "使用说明.txt", []byte("\ufeff"+text)); err != nil { // for any Windows
		return err
	}
	player, err := m.player()
	if err != nil {
		return err
	}
	if err := m.st.put(ctx, "播放.html", player); err != nil {
		return err
	}
	if page := verifierPage(); page != nil {
		if err := m.st.put(ctx, "核对.html", page); err != nil {
			return err
		}
	}
	programs, err := m.programs()
	if err != nil {
		return err
	}
	for _, p := range programs {
		f, err := os.Open(p.path)
		if err != nil {
			return fault.Wrap(err, fault.Unavailable, "disc.programs", p.name)
		}
		_, err = m.st.copy(ctx, "programs/"+p.name, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		if err := os.Chmod(filepath.Join(m.st.tree(), "programs", p.name), 0o700); err != nil { //nolint:gosec // it is there to be run
			return m.st.cannot(err)
		}
	}
	return nil
}

type program struct {
	name, path string
	size       int64
}

// programs lists the programs of the folder that the setting names.
func (m *making) programs() ([]program, error) {
	dir := m.s.c.Programs
	if dir == "" {
		return nil, nil
	}
	list, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "disc.programs", filepath.Base(dir))
	}
	var out []program
	for _, e := range list {
		if !strings.HasPrefix(e.Name(), "zhilu") || !e.Type().IsRegular() || !disccheck.SafeName(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, fault.Wrap(err, fault.Unavailable, "disc.programs", e.Name())
		}
		out = append(out, program{e.Name(), filepath.Join(dir, e.Name()), info.Size()})
	}
	return out, nil
}

func (m *making) manifest(ctx context.Context) (err error) {
	if err := m.st.put(ctx, "sha256sum.txt", m.st.sums()); err != nil {
		return err
	}
	if len(m.st.files) > maxFiles {
		return fault.New(fault.TooLarge, "disc.too_many", maxFiles)
	}
	x := manifest{
		Format: "zhilu-disc/v1", ID: string(m.d.ID), Number: m.d.Number, Origin: m.s.c.Origin, Bureau: m.s.c.Bureau,
		Case: caseRef{string(m.d.Case), m.d.CaseNo, m.d.CaseTitle}, MadeAt: when(m.s.c.Clock.Now()),
		MadeBy: maker{m.actor.ID, string(m.actor.Person), m.actor.Name}, Request: request{string(m.consent.ID), m.consent.No},
		Recordings: m.listed, Files: m.st.sorted(),
	}
	if m.head, err = custody.RenderJSON(x); err != nil {
		return err
	}
	return m.st.put(ctx, "manifest.json", m.head)
}
