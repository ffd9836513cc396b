/* The blocks in the editor: a frame with the widget's name; readers get what the server prints. */
( function ( blocks, element, blockEditor, components, data ) {
	"use strict";
	const h = element.createElement;
	data.widgets.forEach( ( widget ) => {
		const edit = ( { attributes, setAttributes } ) =>
			h(
				"div",
				blockEditor.useBlockProps( { style: { border: "1px dashed", padding: "12px" } } ),
				h( "strong", null, widget.title ),
				h( "div", null, data.hint ),
				h(
					blockEditor.InspectorControls,
					null,
					h(
						components.PanelBody,
						{ title: widget.title },
						widget.attributes.map( ( name ) =>
							h( components.TextControl, {
								key: name,
								label: name,
								value: attributes[ name ],
								onChange: ( value ) => setAttributes( { [ name ]: value } ),
							} )
						)
					)
				)
			);
		blocks.registerBlockType( "stats-service/" + widget.name, {
			apiVersion: 2,
			title: widget.title,
			category: "widgets",
			icon: "chart-bar",
			edit,
			save: () => null,
		} );
	} );
} )( window.wp.blocks, window.wp.element, window.wp.blockEditor, window.wp.components, window.statsServiceBlocks );
