package desk

import "reflect"

// filled gives v with every nil list and map in it empty instead: the API has
// no null where a list belongs. Values that were reached by a pointer are
// changed in place.
func filled(v any) any {
	if v == nil {
		return v
	}
	rv := reflect.ValueOf(v)
	if rv.Kind() == reflect.Pointer {
		if !rv.IsNil() {
			fill(rv.Elem())
		}
		return v
	}
	c := reflect.New(rv.Type()).Elem()
	c.Set(rv)
	fill(c)
	return c.Interface()
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem())
		}
	case reflect.Struct:
		for _, f := range v.Fields() {
			if f.CanSet() {
				fill(f)
			}
		}
	case reflect.Slice:
		fillSlice(v)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Map:
		if v.IsNil() && v.CanSet() {
			v.Set(reflect.MakeMap(v.Type()))
		}
	}
}

func fillSlice(v reflect.Value) {
	if v.IsNil() {
		if v.CanSet() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		return
	}
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return
	}
	for i := range v.Len() {
		fill(v.Index(i))
	}
}
