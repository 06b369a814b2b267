package policies

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"

	"stagecoach/configs/strict"
	"stagecoach/contact"
	"stagecoach/router/sla"
)

// Attachment is what conditions may ask of a file that came with a message.
type Attachment struct {
	Name string `cel:"name"`
	// Type is its media type in small letters, such as image/png.
	Type string `cel:"type"`
	// Size is in bytes.
	Size int64 `cel:"size"`
}

// attachmentType is the name of its type, as cel-go makes it.
const attachmentType = "policies.Attachment"

// attachmentFields are the names of its fields.
func attachmentFields() []string { return []string{"name", "type", "size"} }

// The most that conditions see of the lists of a message.
const (
	maxListed = 50
	maxOfList = 320 // the bytes of one of a list: no address is longer
)

// The names of the functions for a field of the header and for attachments.
const (
	headerFunction   = "header"
	attachedFunction = "attached"
	headerOverload   = "map_header_string"
	attachedOverload = "attachments_attached_list"
	attrFunction     = "attr"
	attrOverload     = "map_attr_string"
)

// askedOptions declare what conditions may ask of a message beside its words. They
// hold on to the set and to names only: what they are in outlives the building.
func (b *builder) askedOptions() []cel.EnvOption {
	open := openMacro{rules: &b.set.classes, names: []string{AlwaysCalendar}}
	for _, c := range b.files.sla.Calendars {
		open.names = append(open.names, c.Name)
	}
	files := cel.ListType(cel.ObjectType(attachmentType))
	return []cel.EnvOption{
		ext.NativeTypes(reflect.TypeFor[Attachment](), ext.ParseStructTags(true)),
		cel.Variable(headersVariable, typeOf(headersVariable)), cel.Variable(openVariable, typeOf(openVariable)),
		cel.Variable(attributesVariable, typeOf(attributesVariable)),
		cel.Function(headerFunction, cel.MemberOverload(headerOverload,
			[]*cel.Type{typeOf(headersVariable), cel.StringType}, cel.StringType, cel.BinaryBinding(headerValue))),
		cel.Function(attrFunction, cel.MemberOverload(attrOverload,
			[]*cel.Type{typeOf(attributesVariable), cel.StringType}, cel.StringType, cel.BinaryBinding(headerValue))),
		cel.Function(attachedFunction, cel.MemberOverload(attachedOverload,
			[]*cel.Type{files, cel.ListType(cel.StringType)}, cel.BoolType, cel.BinaryBinding(attachedValue))),
		cel.Macros(
			cel.ReceiverMacro(headerFunction, 1, headerMacro), cel.ReceiverMacro(attrFunction, 1, attrMacro), cel.ReceiverMacro(attachedFunction, 1, attachedMacro),
			cel.GlobalMacro("open", 1, open.expand),
		),
	}
}

// headerMacro makes contact.header("List-Id") a look into the header.
func headerMacro(f cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	if variable(target) != "contact" {
		return nil, nil
	}
	name := literal(args[0])
	if name == nil {
		return nil, f.NewError(args[0].ID(), "contact.header wants the name of a field in quotes, such as \"List-Id\"")
	}
	lower := strings.ToLower(*name)
	if !contact.KeepsHeader(lower) {
		hint := "there are those that begin with X-, and " + strings.Join(contact.HeaderNames(), ", ")
		if near, ok := strict.Near(lower, contact.HeaderNames()); ok {
			hint = "did you mean " + near + "?"
		} else if strings.HasPrefix(lower, "x-") {
			hint = "what opens something or proves somebody is nobody's business"
		}
		return nil, f.NewError(args[0].ID(), fmt.Sprintf("the field %q of a header is not kept (%s)", *name, hint))
	}
	return f.NewMemberCall(headerFunction, f.NewIdent(headersVariable), f.NewLiteral(types.String(lower))), nil
}

// attachedMacro makes contact.attached(["*.pdf"]) a look at the attachments.
func attachedMacro(f cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	if variable(target) != "contact" {
		return nil, nil
	}
	patterns := literals(args[0])
	if one := literal(args[0]); one != nil {
		patterns = []string{*one}
	}
	if len(patterns) == 0 {
		return nil, f.NewError(args[0].ID(), "contact.attached wants a list of names or types, such as [\"*.pdf\", \"image/*\"]")
	}
	list := make([]ast.Expr, len(patterns))
	for i, p := range patterns {
		if _, err := path.Match(p, ""); err != nil {
			return nil, f.NewError(args[0].ID(), fmt.Sprintf("%q is no name or type: write a * for what may be anything", p))
		}
		list[i] = f.NewLiteral(types.String(strings.ToLower(p)))
	}
	return f.NewMemberCall(attachedFunction, f.NewSelect(f.NewIdent("contact"), "attachments"), f.NewList(list...)), nil
}

// openMacro makes open("office") a look among the calendars that are open, and notes
// which are asked about.
type openMacro struct {
	rules *classRules
	names []string
}

func (o *openMacro) expand(f cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	name := literal(args[0])
	switch {
	case name == nil:
		return nil, f.NewError(args[0].ID(), "open wants the name of a calendar of sla.yaml in quotes")
	case !slices.Contains(o.names, *name):
		return nil, f.NewError(args[0].ID(), fmt.Sprintf("no calendar %q (%s)", *name, strict.DidYouMean(*name, o.names)))
	case !slices.Contains(o.rules.calendars, *name):
		o.rules.calendars = append(o.rules.calendars, *name)
	}
	return f.NewCall(operators.In, args[0], f.NewIdent(openVariable)), nil
}

var errAsked = errors.New("is asked of something else")

func headerValue(headers, name ref.Val) ref.Val {
	fields, ok := headers.(traits.Mapper)
	if !ok {
		return types.WrapErr(errAsked)
	}
	if value, found := fields.Find(name); found {
		return value
	}
	return types.String("")
}

func attachedValue(files, patterns ref.Val) ref.Val {
	list, ok := files.Value().([]Attachment)
	wanted, err := patterns.ConvertToNative(reflect.TypeFor[[]string]())
	words, ok2 := wanted.([]string)
	if !ok || !ok2 || err != nil {
		return types.WrapErr(errAsked)
	}
	return types.Bool(attached(list, words))
}

// attached reports whether one of the files has a name or a type that fits one of
// the patterns, which are in small letters.
func attached(files []Attachment, patterns []string) bool {
	return slices.ContainsFunc(files, func(f Attachment) bool {
		name := strings.ReplaceAll(strings.ToLower(f.Name), "/", " ")
		return slices.ContainsFunc(patterns, func(p string) bool {
			byName, _ := path.Match(p, name)
			byType, _ := path.Match(p, f.Type)
			return byName || byType
		})
	})
}

// surroundings adds to the words of a message what is known beside them: when it
// comes, to whom, with what, and who wrote before.
func (s *Set) surroundings(in *ClassifyInput, vars map[string]any) {
	at := in.At.In(s.limits.Zone)
	vars["now.hour"], vars["now.weekday"] = int64(at.Hour()), strings.ToLower(at.Weekday().String())
	vars["now.date"], vars["now.time"] = at.Format(time.DateOnly), at.Format("15:04")
	var open []string
	for _, name := range s.classes.calendars {
		if sla.Open(in.At, s.Calendar(name)) {
			open = append(open, name)
		}
	}
	vars[openVariable] = open
	vars["customer.contacts"] = int64(in.Contacts)
	s.known(in, vars)
	vars["contact.to"], vars["contact.cc"] = listed(in.To), listed(in.CC)
	files := in.Attachments[:min(len(in.Attachments), maxListed)]
	vars["contact.attachments"] = files
	headers := in.Headers
	if headers == nil {
		headers = map[string]string{}
	}
	vars[headersVariable] = headers
}

// listed gives addresses in small letters, as many as conditions see.
func listed(addresses []string) []string {
	addresses = addresses[:min(len(addresses), maxListed)]
	out := make([]string, len(addresses))
	for i, a := range addresses {
		out[i] = strings.ToLower(clip(a, maxOfList))
	}
	return out
}

// AttachmentsOf gives what conditions may ask of the files of a message.
func AttachmentsOf(files []contact.Attachment) []Attachment {
	files = files[:min(len(files), maxListed)]
	out := make([]Attachment, len(files))
	for i, f := range files {
		kind, _, _ := strings.Cut(f.ContentType, ";")
		size := f.Size
		if size == 0 {
			size = int64(len(f.Data))
		}
		out[i] = Attachment{Name: clip(f.Name, maxOfList), Type: strings.ToLower(strings.TrimSpace(clip(kind, maxOfList))), Size: size}
	}
	return out
}
